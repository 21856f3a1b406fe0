/** What needs a person: a workflow whose newest session failed, a task that nobody knows of, or a schedule that was held, or cannot start its session. */
export type Incident = {
  readonly kind: 'failed' | 'unknown' | 'held' | 'refused'
  readonly project: string
  readonly workflow: string
  /** Null: of a schedule. */
  readonly attemptId: string | null
  readonly task: string | null
  readonly why: string | null
  readonly at: Date
}

export type RunningAttempt = {
  readonly id: string
  readonly project: string
  readonly workflow: string
  readonly startedAt: Date
  readonly running: number
  readonly failed: number
  /** One of the tasks that run. */
  readonly now: string | null
  readonly usualMs: number | null
}

export type NextRun = { readonly project: string; readonly workflow: string; readonly runAt: Date }

export type WorkflowCounts = { readonly ran: number; readonly passed: number }
