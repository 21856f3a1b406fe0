import { type Decision, decide, type TaskEvent } from '../attempt/decide.ts'
import type { Plant } from '../attempt/plants.ts'
import { isFinal } from '../attempt/task.ts'
import type { JsonObject, TaskId } from '../brand.ts'
import { type AttemptState, finishAttemptIfRunning, type LockedAttempt, releaseActiveAttempt } from '../db/attempts.ts'
import { takeKeptTasks } from '../db/kept-tasks.ts'
import type { Sql } from '../db/sql.ts'
import { findSlice } from '../db/task-slices.ts'
import { findLeavings, insertTree, listOwnTree, supersedeChildren } from '../db/task-trees.ts'
import { delayErrors, type MovedTask, moveTasks } from '../db/tasks.ts'
import { mergeObjects } from '../workflow/merge.ts'

/** How much may be: SLUICE_MAX_TASKS an attempt, SLUICE_MAX_ACTIVE_ATTEMPTS at once. */
export type AttemptLimits = { readonly tasks: number; readonly activeAttempts: number }
export const DEFAULT_LIMITS: AttemptLimits = { tasks: 20_000, activeAttempts: 100_000 }

export type Happening = { readonly id: TaskId; readonly epoch?: string; readonly event: TaskEvent }

/**
 * Writes all that follows from what happened, in the caller's transaction, which holds the attempt's lock. Gives the tasks that moved; none: it came late or twice.
 * An epoch is the fence: what an old start has to say is dropped.
 */
export async function advanceAttempt(
  tx: Sql,
  attempt: LockedAttempt,
  first: Happening,
  limits: AttemptLimits,
  now: Date,
): Promise<readonly MovedTask[]> {
  const moved: MovedTask[] = []
  const pending = [first]
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const loaded = await findSlice(tx, attempt, next.id, limits.tasks)
    if (loaded === undefined || (next.epoch !== undefined && next.epoch !== loaded.epoch)) continue
    const { tasks, looks } = await write(tx, attempt, decide(loaded.slice, next.event, now), now)
    moved.push(...tasks)
    pending.push(...looks.map((id) => ({ id, event: { kind: 'looked' } }) as const))
    pending.push(...tasks.filter((task) => isDue(task, now)).map(({ id }) => ({ id, event: { kind: 'due' } }) as const))
  }
  await endIfOver(tx, attempt, moved, now)
  await sayHints(tx, attempt, moved)
  return moved
}

const isDue = ({ retryAt }: MovedTask, now: Date) => retryAt !== null && retryAt <= now

/** `looks`: planned tasks under which nothing is open after this, or that have just begun. */
async function write(tx: Sql, attempt: LockedAttempt, decision: Decision, now: Date) {
  const moved = await moveTasks(tx, decision.moves, now)
  await delayErrors(tx, decision.delayed)
  await supersedeChildren(tx, decision.restarts)
  const copied = await Promise.all(decision.copies.map((id) => copyTree(tx, attempt, id, now)))
  const planted = await plantAll(tx, attempt, decision.plants, now)
  const grown = [...copied, ...planted]
  return {
    tasks: [...moved, ...grown.flatMap(({ ready }) => ready)],
    looks: [...decision.looks, ...grown.filter(({ isOpen }) => !isOpen).map(({ parentId }) => parentId)],
  }
}

async function copyTree(tx: Sql, attempt: LockedAttempt, parentId: TaskId, now: Date) {
  const tasks = await listOwnTree(tx, parentId)
  await supersedeChildren(tx, [parentId])
  const tree = { attemptId: attempt.id, parentId, tasks, after: [], isGenerated: false, kept: new Map() }
  return { parentId, ...(await insertTree(tx, tree, now)) }
}

async function plantAll(tx: Sql, attempt: LockedAttempt, plants: readonly Plant[], now: Date) {
  const planted = new Map<TaskId, { parentId: TaskId; ready: readonly MovedTask[]; isOpen: boolean }>()
  let after: readonly TaskId[] = []
  for (const plant of plants) {
    const { parentId } = plant
    const grown = await plantOne(tx, attempt, plant, plant.isAfterSibling ? after : [], now)
    const before = planted.get(parentId)
    const isOpen = grown.isOpen || before?.isOpen === true
    planted.set(parentId, { parentId, ready: [...(before?.ready ?? []), ...grown.ready], isOpen })
    after = grown.isOpen ? grown.rootIds : [] // what is over already lets nobody go any more
  }
  return [...planted.values()]
}

async function plantOne(tx: Sql, attempt: LockedAttempt, plant: Plant, after: readonly TaskId[], now: Date) {
  const { parentId } = plant
  const planned = plant.seesFailure ? await withLeavings(tx, plant) : plant.tasks
  const { tasks, kept } = await takeKeptTasks(tx, attempt.id, planned)
  return insertTree(tx, { attemptId: attempt.id, parentId, tasks, after, isGenerated: true, kept }, now)
}

/** A failed group's `_error` sees what the tasks below stored, and their errors merged (as in Digdag). */
async function withLeavings(tx: Sql, { parentId, tasks }: Plant) {
  const { stores, errors } = await findLeavings(tx, parentId)
  const [first, ...rest] = tasks
  if (first === undefined) return tasks
  const none: JsonObject = {}
  const stored = stores.reduce(mergeObjects, none)
  const error = errors.reduce(mergeObjects, none)
  return [{ ...first, exports: { ...mergeObjects(first.exports, stored), error } }, ...rest]
}

async function endIfOver(tx: Sql, attempt: LockedAttempt, moved: readonly MovedTask[], now: Date) {
  const root = moved.find(({ parentId, state }) => parentId === null && isFinal(state))
  if (root === undefined) return
  const outcome = outcomeOf(root)
  if (await finishAttemptIfRunning(tx, attempt.id, outcome, now)) await releaseActiveAttempt(tx, outcome)
}

export function outcomeOf({ state }: Pick<MovedTask, 'state'>): AttemptState {
  return state === 'success' || state === 'canceled' ? state : 'error'
}

/** Heard when the transaction commits, and only then. */
export async function sayHints(
  tx: Sql,
  attempt: Pick<LockedAttempt, 'id' | 'projectId'>,
  moved: readonly MovedTask[],
): Promise<void> {
  const topics = [`attempt:${attempt.id}`, ...moved.map(({ id }) => `task:${id}`)]
  if (moved.some(({ parentId }) => parentId === null)) topics.push(`project:${attempt.projectId}`)
  await tx`select pg_notify('sluice', topic) from unnest(${topics}::text[]) as topic`
}

/** The first hint of each attempt; its project shows it. */
export async function sayStarted(
  tx: Sql,
  attempts: readonly { readonly attemptId: string; readonly workflow: Pick<LockedAttempt, 'projectId'> }[],
): Promise<void> {
  const topics = attempts.flatMap(({ attemptId, workflow }) => [
    `attempt:${attemptId}`,
    `project:${workflow.projectId}`,
  ])
  await tx`select pg_notify('sluice', topic) from unnest(${topics}::text[]) as topic`
}
