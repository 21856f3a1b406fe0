import type { ShownAttemptState } from './states.ts'

export type ShownSession = {
  readonly id: string
  readonly sessionTime: Date
  readonly attemptId: string
  readonly attempts: number
  readonly state: ShownAttemptState
  readonly startedBy: string
  readonly createdAt: Date
  readonly finishedAt: Date | null
  readonly revision: number
}
