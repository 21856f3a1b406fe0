import type { JsonObject } from '../brand.ts'
import type { LogTail } from './log.tsx'
import type { Outcome } from './spark.tsx'
import type { ShownAttemptState } from './states.tsx'
import type { ShownTask } from './task-tree.ts'
import type { QueueWorkers } from './why-waiting.ts'

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

export type AttemptPageProps = {
  readonly attempt: ShownAttempt
  /** In the order in which they were made; of a very large attempt the first ones. */
  readonly tasks: readonly ShownTask[]
  readonly queues: readonly QueueWorkers[]
  readonly selected: ShownTask | null
  /** Somebody asked for this task; else the page chose one, and goes on choosing. */
  readonly isChosen: boolean
  readonly log: LogTail | null
}
