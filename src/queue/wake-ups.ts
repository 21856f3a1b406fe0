/** A thing that may be looked at: a task or a build. */
export type Ring = {
  readonly kind: 'task' | 'build'
  readonly id: string
  readonly epoch: string
  readonly queue: string
}

export type WakeUps = {
  readonly backend: 'redis' | 'postgres'
  /** Says *look*, once for each. Never throws and never waits for a queue that is away: the sweep rings again. */
  ring(rings: readonly Ring[]): Promise<void>
  /** Calls `look` for each ring heard on one of `queues`. `look` claims what is ready and returns; it never lasts as long as a task. */
  hear(queues: readonly string[], look: () => Promise<void>): void
  /** Messages waiting, by queue. A queue that cannot be asked now is not in the answer. */
  depths(queues: readonly string[]): Promise<Readonly<Record<string, number>>>
  /** False while rings would be lost. */
  isReachable(): Promise<boolean>
  close(): Promise<void>
}
