export type ShownWorker = {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly executor: 'docker' | 'process'
  readonly engine: string | null
  readonly slots: number
  readonly queues: readonly string[]
  readonly startedAt: Date
  readonly heardAt: Date
  readonly processed: number
  readonly failed: number
  readonly status: 'online' | 'silent' | 'stopped'
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
  readonly waiting: number
  readonly oldestAt: Date | null
  /** Workers that serve it and are heard. */
  readonly online: number
}
