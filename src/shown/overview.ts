/** What needs a person: a workflow whose newest session failed, or a task that nobody knows of. */
export type Incident = {
  readonly kind: 'failed' | 'unknown'
  readonly project: string
  readonly workflow: string
  readonly attemptId: string
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
