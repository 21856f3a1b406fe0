import type { JsonObject, TaskId } from '../brand.ts'
import { directive, errorTask, failureAlert, followers, type Plant, slaTasks } from './plants.ts'
import { type RetryPolicy, readRetry, retryDelayMs } from './retry.ts'
import { isOpen, type Task, type TaskError, type TaskKind, type TaskState } from './task.ts'

/** What one event can change. Its size does not grow with the attempt: of a group's children only the answers to two questions, and those that waited for this one alone. */
export type Slice = {
  readonly isCanceling: boolean
  readonly taskCount: number
  readonly maxTasks: number
  /** The task, then its groups up to the root. */
  readonly path: Path
  /** The task's own children that wait for nothing and have not begun. */
  readonly heads: readonly Waiting[]
}
export type Path = readonly [Node, ...Node[]]

/** `hasOpenChild` and `hasFailedChild` leave out the child that stands before it on the path, and rows that a newer copy has replaced. */
export type Node = Task & {
  readonly hasOpenChild: boolean
  readonly hasFailedChild: boolean
  /** Blocked siblings whose other upstreams have all succeeded. */
  readonly next: readonly Waiting[]
}
export type Waiting = { readonly id: TaskId; readonly kind: TaskKind }

type Result = { readonly store: JsonObject; readonly export: JsonObject; readonly reset: readonly string[] }

export type TaskEvent =
  | {
      readonly kind: 'succeeded'
      readonly result: Result
      readonly subtasks: JsonObject | null
      readonly exitCause?: string
    }
  | { readonly kind: 'failed'; readonly error: TaskError; readonly exitCause?: string }
  /** Its worker fell silent, or its container went and left no exit code. */
  | { readonly kind: 'lost'; readonly exitCause: string }
  /** Its command has been stopped and has ended. */
  | { readonly kind: 'canceled'; readonly exitCause: string }
  /** It cannot be run for the moment; nothing was started and no try is used up. */
  | { readonly kind: 'postponed'; readonly retryAt: Date; readonly exitCause: string }
  | { readonly kind: 'due' }
  /** It was entered, or what was planted under it has ended at once. */
  | { readonly kind: 'looked' }
  /** The attempt should be over by now; told to its root. */
  | { readonly kind: 'late' }
  /** A person decides about an unknown one. */
  | { readonly kind: 'decided'; readonly as: 'success' | 'error' | 'retry'; readonly who: string }

export type Move = {
  readonly id: TaskId
  readonly from: TaskState
  readonly to: TaskState
  readonly retryAt?: Date
  readonly stateParams?: JsonObject
  readonly isDelayedError?: boolean
  readonly error?: TaskError
  readonly exitCause?: string
  readonly decidedBy?: string
  readonly result?: Result
}

/** What follows from an event: to be written in this order, in one transaction. */
export type Decision = {
  readonly moves: readonly Move[]
  /** Planned tasks that have failed and wait for their `_error`. */
  readonly delayed: readonly TaskId[]
  readonly plants: readonly Plant[]
  /** Groups whose tasks are copied, to run again. */
  readonly copies: readonly TaskId[]
  /** Operators that start over: what they generated no longer counts. */
  readonly restarts: readonly TaskId[]
  /** Look at these next, in the same transaction. */
  readonly looks: readonly TaskId[]
}

const NOTHING: Decision = { moves: [], delayed: [], plants: [], copies: [], restarts: [], looks: [] }

/** In which state an event finds its task; anything else comes late or twice and changes nothing. */
const EXPECTED: { readonly [Kind in TaskEvent['kind']]: readonly TaskState[] } = {
  succeeded: ['running'],
  failed: ['running'],
  lost: ['running'],
  canceled: ['running'],
  postponed: ['running'],
  due: ['retry_waiting', 'group_retry_waiting'],
  looked: ['planned'],
  late: ['planned'],
  decided: ['unknown'],
}

/** Says what follows from `event` (as in Digdag). Total and pure. */
export function decide(slice: Slice, event: TaskEvent, now: Date): Decision {
  const [task] = slice.path
  if (!EXPECTED[event.kind].includes(task.state)) return NOTHING
  switch (event.kind) {
    case 'succeeded':
      return slice.isCanceling ? canceled(slice, now, event.exitCause) : succeeded(slice, event, now)
    case 'failed':
      return slice.isCanceling ? canceled(slice, now, event.exitCause) : failed(slice, event, task.retry, now)
    case 'lost':
      return slice.isCanceling ? canceled(slice, now, event.exitCause) : lost(slice, event.exitCause, now)
    case 'canceled':
      return canceled(slice, now, event.exitCause)
    case 'postponed': {
      const { retryAt, exitCause } = event
      return slice.isCanceling
        ? canceled(slice, now, exitCause)
        : only(move(task, 'retry_waiting', { retryAt, exitCause }))
    }
    case 'due':
      return due(task)
    case 'looked':
      return looked(slice, now)
    case 'late':
      return slice.isCanceling ? NOTHING : { ...NOTHING, plants: slaTasks(task) }
    case 'decided':
      return decided(slice, event, now)
  }
}

const only = (...moves: readonly Move[]): Decision => ({ ...NOTHING, moves })
const move = ({ id, state }: Task, to: TaskState, rest: Partial<Move> = {}): Move => ({ ...rest, id, from: state, to })

function canceled(slice: Slice, now: Date, exitCause?: string): Decision {
  const [task] = slice.path
  return settle(slice, slice.path, move(task, 'canceled', exitCause === undefined ? {} : { exitCause }), now)
}

function succeeded(slice: Slice, event: Extract<TaskEvent, { kind: 'succeeded' }>, now: Date): Decision {
  const [task] = slice.path
  const { result, exitCause } = event
  const written = { result, ...(exitCause === undefined ? {} : { exitCause }) }
  const plants = followers(task, event.subtasks)
  if (typeof plants === 'string') return failed(slice, wentWrong(task, `${plants} (config)`), null, now)
  if (plants.length === 0) return settle(slice, slice.path, move(task, 'success', written), now)
  const adding = plants.reduce((sum, plant) => sum + plant.tasks.length, 0)
  if (slice.taskCount + adding > slice.maxTasks)
    return failed(slice, wentWrong(task, tooMany(slice, adding)), null, now)
  return { ...only(move(task, 'planned', written)), plants }
}

const tooMany = ({ taskCount, maxTasks }: Slice, adding: number) =>
  `Too many tasks. Limit: ${maxTasks}, Current: ${taskCount}, Adding: ${adding} (task limit exceeded)`

const wentWrong = ({ fullName }: Task, message: string): Failure => ({
  error: { message, stacktrace: `at ${fullName}` },
})

type Failure = { readonly error: TaskError; readonly exitCause?: string; readonly decidedBy?: string }

function failed(slice: Slice, failure: Failure, retry: RetryPolicy | null, now: Date): Decision {
  const [task] = slice.path
  const again = retryLater(task, retry, now)
  const { error, exitCause, decidedBy } = failure
  const written = {
    error,
    ...(exitCause === undefined ? {} : { exitCause }),
    ...(decidedBy === undefined ? {} : { decidedBy }),
  }
  if (again !== null) return only(move(task, 'retry_waiting', { ...written, ...again }))
  const plants = errorTask(task, { error })
  if (plants.length === 0) return settle(slice, slice.path, move(task, 'error', written), now)
  return { ...only(move(task, 'planned', { ...written, isDelayedError: true })), plants }
}

/** Null: no try is left. */
function retryLater({ stateParams }: Task, retry: RetryPolicy | null, now: Date) {
  const count = typeof stateParams.retry_count === 'number' ? stateParams.retry_count : 0
  if (retry === null || count >= retry.limit) return null
  const retryAt = new Date(now.getTime() + retryDelayMs(retry, count))
  return { retryAt, stateParams: { ...stateParams, retry_count: count + 1 } }
}

/** Our promise: what may not be started twice and was lost is unknown, never silently run again. */
function lost(slice: Slice, exitCause: string, now: Date): Decision {
  const [task] = slice.path
  if (task.retry?.onLoss) return failed(slice, { error: { message: exitCause }, exitCause }, task.retry, now)
  return only(move(task, task.isRetryable ? 'ready' : 'unknown', { exitCause }))
}

function due(task: Task): Decision {
  if (task.state === 'group_retry_waiting' && task.kind === 'group')
    return { ...only(move(task, 'planned')), copies: [task.id] }
  const restarts = task.state === 'group_retry_waiting' ? [task.id] : []
  return { ...only(move(task, 'ready')), restarts }
}

function looked(slice: Slice, now: Date): Decision {
  const [task] = slice.path
  if (slice.heads.length > 0 && !slice.isCanceling) return release(slice.heads)
  return task.hasOpenChild ? NOTHING : end(slice, slice.path, task.hasFailedChild, now)
}

function decided(slice: Slice, { as, who }: Extract<TaskEvent, { kind: 'decided' }>, now: Date): Decision {
  const [task] = slice.path
  const decidedBy = who
  if (as === 'success') return settle(slice, slice.path, move(task, 'success', { decidedBy }), now)
  if (as === 'retry') return only(move(task, 'ready', { decidedBy }))
  return failed(slice, { error: { message: `Marked as failed by ${who}` }, decidedBy }, null, now)
}

function release(waiting: readonly Waiting[]): Decision {
  const moves = waiting.map(
    ({ id, kind }) => ({ id, from: 'blocked', to: kind === 'group' ? 'planned' : 'ready' }) as const,
  )
  return { ...only(...moves), looks: waiting.filter(({ kind }) => kind === 'group').map(({ id }) => id) }
}

/** Ends the first task of `path` and climbs: its group lets go what waited for it, and ends in turn when nothing in it is open. */
function settle(slice: Slice, path: Path, last: Move, now: Date): Decision {
  const [task, group, ...above] = path
  if (group === undefined) return only(last)
  const released = last.to === 'success' ? release(task.next) : NOTHING
  const settled = { ...released, moves: [last, ...released.moves] }
  if (released.moves.length > 0 || group.hasOpenChild) return settled
  return both(settled, end(slice, [group, ...above], group.hasFailedChild || last.to !== 'success', now))
}

/** Nothing under the first task of `path` is open: what waits for a failed sibling stays blocked for good, as in Digdag. */
function end(slice: Slice, path: Path, hasFailed: boolean, now: Date): Decision {
  const [group, ...above] = path
  if (slice.isCanceling) return settle(slice, path, move(group, 'canceled'), now)
  if (group.isDelayedError) return settle(slice, path, move(group, group.hasError ? 'error' : 'group_error'), now)
  if (!hasFailed) return settle(slice, path, move(group, 'success'), now)
  const again = retryLater(group, groupRetry(group), now)
  if (again !== null) return only(move(group, 'group_retry_waiting', again))
  const plants = [...(above.length === 0 ? failureAlert(group) : []), ...errorTask(group, null)]
  if (plants.length > 0) return { ...NOTHING, delayed: [group.id], plants }
  return settle(slice, path, move(group, 'group_error'), now)
}

/** A group's `_retry` is read as written: no `${}`, and one that makes no sense means none (as in Digdag). */
function groupRetry(group: Task): RetryPolicy | null {
  const value = directive(group, '_retry')
  const read = value === undefined ? null : readRetry(value)
  return read?.ok ? read.policy : null
}

const both = (a: Decision, b: Decision): Decision => ({
  moves: [...a.moves, ...b.moves],
  delayed: [...a.delayed, ...b.delayed],
  plants: [...a.plants, ...b.plants],
  copies: [...a.copies, ...b.copies],
  restarts: [...a.restarts, ...b.restarts],
  looks: [...a.looks, ...b.looks],
})

export type OpenTask = Pick<Task, 'id' | 'state'> & { readonly parentId: TaskId | null }

/** What a kill does at once (Digdag's, corrected: nothing runs once more). `open` holds the attempt's open tasks by id; those that run keep their groups open until they have been stopped. */
export function decideCancel(open: readonly OpenTask[]): readonly Move[] {
  const alive = new Set<TaskId | null>()
  const moves: Move[] = []
  for (const { id, parentId, state } of [...open].reverse()) {
    if (!isOpen(state)) continue
    if (state === 'running' || alive.has(id)) alive.add(parentId)
    else moves.push({ id, from: state, to: 'canceled' })
  }
  return moves
}
