import type { TaskEvent } from '../attempt/decide.ts'
import { isFinal, type TaskState } from '../attempt/task.ts'
import { lockAttempt } from '../db/attempts.ts'
import { hintHolders } from '../db/places.ts'
import { type Database, isDatabaseAway, type Sql } from '../db/sql.ts'
import { endTaskRun } from '../db/task-runs.ts'
import { type Claim, claimReadyTaskOf, type MovedTask } from '../db/tasks.ts'
import type { WakeUps } from '../queue/wake-ups.ts'
import { type AttemptLimits, advanceAttempt, DEFAULT_LIMITS } from './advance-attempt.ts'

export type AttemptPorts = {
  readonly sql: Database
  readonly wakeUps: Pick<WakeUps, 'ring'>
  readonly limits?: AttemptLimits
}

export type Finish = {
  readonly claim: Claim
  readonly event: TaskEvent
  /** Whoever finishes may go on with the attempt's next task itself. */
  readonly next?: Parameters<typeof claimReadyTaskOf>[2]
  /** Written in the same transaction: last words in the log. `own`: what the task comes to. */
  readonly alongside?: (tx: Sql, own: MovedTask) => Promise<void>
}

export type Finished = {
  readonly outcome: 'finished' | 'stale'
  readonly state: TaskState | undefined
  readonly isAttemptOver: boolean
  readonly next: Claim | undefined
}

/** Writes a task's result and all that follows from it in one transaction. Idempotent: the result of an old epoch, or told twice, is stale. */
export async function finishTask(ports: AttemptPorts, finish: Finish, now: Date): Promise<Finished> {
  const { claim, event } = finish
  const { moved, next } = await ports.sql.begin(async (tx) => {
    const attempt = await lockAttempt(tx, claim.attemptId)
    if (attempt === undefined) return { moved: [], next: undefined }
    const moved = await advanceAttempt(tx, attempt, { ...claim, event }, ports.limits ?? DEFAULT_LIMITS, now)
    const own = moved.find(({ id }) => id === claim.id)
    if (own === undefined) return { moved: [], next: undefined }
    const isMore = finish.next !== undefined && moved.some(({ state }) => state === 'ready')
    // None of them needs another's answer: sent at once, they cost one round trip.
    const [next] = await Promise.all([
      isMore ? claimReadyTaskOf(tx, claim.attemptId, finish.next, now) : undefined,
      endTaskRun(tx, claim, { event, state: own.state }, now),
      finish.alongside?.(tx, own),
    ])
    return { moved, next }
  })
  await ringReady(
    ports,
    moved.filter(({ id }) => id !== next?.id),
  )
  const isAttemptOver = moved.some(({ parentId, state }) => parentId === null && isFinal(state))
  const state = moved.find(({ id }) => id === claim.id)?.state
  return { outcome: state === undefined ? 'stale' : 'finished', state, isAttemptOver, next }
}

/** After the commit: a ring lost here is rung again by the sweep; one rung before it would be heard too early. */
export async function ringReady(
  ports: Pick<AttemptPorts, 'sql' | 'wakeUps'>,
  moved: readonly MovedTask[],
): Promise<void> {
  await ringFor(
    ports,
    moved.filter(({ state }) => state === 'ready'),
  )
}

/** Throws as little as a ring does: what is lost is rung again. */
export async function ringFor(
  { sql, wakeUps }: Pick<AttemptPorts, 'sql' | 'wakeUps'>,
  tasks: readonly Pick<MovedTask, 'id' | 'epoch' | 'queue'>[],
): Promise<void> {
  if (tasks.length === 0) return
  await wakeUps.ring(tasks.map(({ id, epoch, queue }) => ({ kind: 'task', id, epoch, queue })))
  const ids = tasks.map(({ id }) => id)
  await hintHolders(sql, ids).catch((error: unknown) => {
    if (!isDatabaseAway(error)) throw error
  })
}
