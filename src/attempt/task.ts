import type { JsonObject, TaskId } from '../brand.ts'
import type { RetryPolicy } from './retry.ts'

/** Digdag's task states, plus `unknown`: what a worker left behind when it vanished. */
export type TaskState = keyof typeof MOVES
export type TaskKind = 'group' | 'operator'

/** Every legal move and its cause. The state diagram in the docs and the test of the CHECKs are made from this table. */
export const MOVES = {
  blocked: {
    ready: 'it is an operator and its upstreams succeeded',
    planned: 'it is a group and its upstreams succeeded',
  },
  ready: { running: 'a worker claimed it', canceled: 'the attempt was canceled' },
  running: {
    success: 'it succeeded and has no subtasks',
    planned: 'it succeeded and has subtasks or a check, or it failed and has an `_error` task',
    error: 'it failed and may not be tried again',
    retry_waiting: 'it failed and may be tried again, or cannot be run for the moment',
    ready: 'its worker was lost, and a second start does no harm',
    unknown: 'its worker was lost, and a second start might do harm',
    canceled: 'the attempt was canceled and its command has ended',
  },
  retry_waiting: { ready: 'its delay is over', canceled: 'the attempt was canceled' },
  group_retry_waiting: {
    ready: 'it is an operator and its delay is over',
    planned: 'it is a group, its delay is over and its tasks were copied',
    canceled: 'the attempt was canceled',
  },
  planned: {
    success: 'its subtasks succeeded',
    group_retry_waiting: 'a subtask failed and it may be tried again',
    group_error: 'a subtask failed',
    error: 'it had failed and its `_error` task is over',
    canceled: 'the attempt was canceled and its subtasks have ended',
  },
  unknown: {
    running: 'its worker came back',
    success: 'a person said so',
    planned: 'a person said that it failed, and it has an `_error` task',
    error: 'a person said so',
    ready: 'a person had it tried again',
    canceled: 'the attempt was canceled',
  },
  success: {},
  error: {},
  group_error: {},
  canceled: {},
} as const satisfies Record<string, Record<string, string>>

export const STATES = Object.keys(MOVES) as readonly TaskState[] // the table's own keys

export const isFinal = (state: TaskState): boolean => Object.keys(MOVES[state]).length === 0

/** Something will still happen to it by itself or by a person: its parent waits for it. A blocked task is not open: what waits for a failed one waits for good. */
export const isOpen = (state: TaskState): boolean => state !== 'blocked' && !isFinal(state)

export type TaskError = { readonly message: string; readonly stacktrace?: string }

/** A task as far as a decision needs it. */
export type Task = {
  readonly id: TaskId
  readonly kind: TaskKind
  readonly fullName: string
  readonly state: TaskState
  /** Local and unevaluated, without `_export`. */
  readonly config: JsonObject
  /** Its `_export`. */
  readonly exports: JsonObject
  /** It failed already, its `_error` task runs first. */
  readonly isDelayedError: boolean
  /** It failed itself, not a subtask of it. */
  readonly hasError: boolean
  readonly stateParams: JsonObject
  /** Of the running start: the evaluated `_retry`. */
  readonly retry: RetryPolicy | null
  /** A second start does no harm. */
  readonly isRetryable: boolean
}
