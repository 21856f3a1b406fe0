import type { TaskState } from '../attempt/task.ts'

export type ShownTaskState = TaskState
/** An attempt that was asked to end is ending until its commands have ended. */
export type ShownAttemptState = 'running' | 'canceling' | 'success' | 'error' | 'canceled'
export type ShownDeployState =
  | 'waiting'
  | 'fetching'
  | 'checking'
  | 'building'
  | 'releasing'
  | 'live'
  | 'declined'
  | 'failed'
  | 'replaced'
export type ShownDeliveryState = 'received' | 'ignored' | 'deployed' | 'declined' | 'failed'
