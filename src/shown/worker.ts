/** Gone: it should be heard and is not. Stopped: it said so itself. */
type WorkerState = 'online' | 'draining' | 'gone' | 'stopped'

export type ShownWorker = {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly executor: 'docker' | 'process'
  readonly engine: string | null
  /** Of Sluice; null: an older one's, which did not say. */
  readonly version: string | null
  readonly slots: number
  readonly queues: readonly string[]
  readonly startedAt: Date
  readonly heardAt: Date
  readonly stoppedAt: Date | null
  readonly processed: number
  readonly succeeded: number
  readonly failed: number
  readonly retried: number
  /** Of its host: 1, 5, 15 min. Empty until it was heard. */
  readonly loadAverage: readonly number[]
  readonly state: WorkerState
  /** Why it takes no new work; null: it takes some. */
  readonly problem: string | null
  /** Tasks that run on it now. */
  readonly active: number
}

export type RunningTask = {
  readonly id: string
  readonly workerId: string
  readonly attemptId: string
  readonly fullName: string
  readonly project: string
  readonly workflow: string
  readonly startedAt: Date
}

export type ShownQueue = {
  readonly queue: string
  /** Counted up to `MOST_WAITING` and no further. */
  readonly waiting: number
  readonly oldestAt: Date | null
  /** Workers that serve it and are heard. */
  readonly online: number
  /** What came out of it, by minute: the last hour, this minute last. */
  readonly minutes: readonly number[]
  /** The same of the last five minutes, for one. */
  readonly perMinute: number
}

export const MOST_WAITING = 10_000
