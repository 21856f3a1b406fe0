import type { JsonObject } from '../brand.ts'
import type { ShownAttemptState, ShownTaskState } from './states.ts'

export type ShownAttempt = {
  readonly id: string
  readonly project: string
  readonly workflow: string
  readonly timezone: string
  readonly sessionTime: Date
  readonly index: number
  readonly retryName: string
  readonly state: ShownAttemptState
  readonly startedBy: string
  readonly cancelRequestedBy: string | null
  readonly createdAt: Date
  readonly finishedAt: Date | null
  readonly revision: {
    readonly number: number
    readonly commit: string | null
    readonly message: string | null
    readonly author: string | null
  }
  readonly params: JsonObject
  readonly taskCount: number
  /** The newest attempt of this workflow that succeeded before this one. */
  readonly lastGood: { readonly id: string; readonly revision: number; readonly finishedAt: Date } | null
  /** The session's other attempts. */
  readonly attempts: readonly { readonly id: string; readonly index: number; readonly state: ShownAttemptState }[]
  readonly recent: readonly Outcome[]
}

/** A task as its attempt's page shows it. */
export type ShownTask = {
  readonly id: string
  readonly parentId: string | null
  /** +workflow+a^sub+loop-0 */
  readonly fullName: string
  readonly kind: 'group' | 'operator'
  readonly state: ShownTaskState
  readonly queue: string
  readonly upstreams: readonly string[]
  readonly logId: string | null
  readonly error: string | null
  readonly exitCause: string | null
  readonly readyAt: Date | null
  readonly retryAt: Date | null
  readonly changedAt: Date
  readonly worker: string | null
  readonly runs: readonly TaskRun[]
}

/** One start of it. */
export type TaskRun = {
  readonly epoch: string
  readonly logId: string
  readonly startedAt: Date
  readonly finishedAt: Date | null
  readonly outcome: string | null
}

/** How a session ended, newest last. */
export type Outcome = { readonly state: ShownAttemptState; readonly ms: number }

/** A queue as far as somebody waits for it. */
export type QueueWorkers = {
  readonly queue: string
  readonly online: number
  readonly slots: number
  readonly busy: number
  readonly lastHeardAt: Date | null
  /** Has the attempt's files: what waits in this queue waits for this one alone. */
  readonly holder: PlaceHolder | null
}

export type PlaceHolder = {
  readonly name: string
  readonly slots: number
  readonly busy: number
  readonly isOnline: boolean
  readonly isDraining: boolean
  /** Why it takes no new work, as a sentence. */
  readonly problem: string | null
  readonly silentMs: number
}
