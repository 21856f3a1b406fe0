import type { QueueWorkers, ShownAttempt, ShownTask } from '../shown/attempt.ts'
import type { LogTail } from './log.tsx'

export type AttemptPageProps = {
  readonly attempt: ShownAttempt
  /** In the order in which they were made; of a very large attempt the first ones. */
  readonly tasks: readonly ShownTask[]
  readonly queues: readonly QueueWorkers[]
  readonly selected: ShownTask | null
  /** Somebody asked for this task; else the page chose one, and goes on choosing. */
  readonly isChosen: boolean
  /** How the log of the first failed task ends. */
  readonly lastLines: readonly string[]
  readonly log: LogTail | null
}
