import type { TaskEvent } from '../attempt/decide.ts'
import { forgetLateness, type LateAttempt, listLateAttempts, lockAttempt, putOffLateness } from '../db/attempts.ts'
import { closeLogsOfTasks } from '../db/logs.ts'
import { leavePlacesOfSilent } from '../db/places.ts'
import { isDatabaseAway, type Sql } from '../db/sql.ts'
import { endTaskRun } from '../db/task-runs.ts'
import {
  checkAgainAt,
  findSilentTask,
  listOverdueTasks,
  listSilentTasks,
  lockTask,
  lookAgainIn,
  type MovedTask,
  type Overdue,
  type SilentTask,
} from '../db/tasks.ts'
import { advanceAttempt, DEFAULT_LIMITS } from './advance-attempt.ts'
import { type AttemptPorts, ringFor, ringReady } from './finish-task.ts'

export type SweepOptions = {
  /** A start that may be repeated is repeated only when its worker must have ended the first one. */
  readonly fenceMs: number
  /** Whoever was away when the database was gets time to renew its leases first. */
  readonly looksForLost: boolean
}

const BATCH = 500
const RING_AGAIN_MS = 10_000
/** Longer than a restart takes: what cannot be repeated is unknown after this, and what waits for its attempt's workspace goes on elsewhere without. Its worker may still come back and take it up. */
const UNKNOWN_AFTER_SECONDS = 60
/** Workers end what may be started elsewhere after the fence; this is for their grace, and for clocks. */
const FENCE_MARGIN_SECONDS = 30

type SweepPorts = AttemptPorts & { readonly report: (error: unknown) => void }

/** The one timer: rings again for what is silent, moves what is due, gives up on what was lost. Idempotent; any number of webs may sweep at once. */
export async function sweep(ports: SweepPorts, options: SweepOptions, now: Date): Promise<void> {
  if (options.looksForLost) await leavePlacesOfSilent(ports.sql, UNKNOWN_AFTER_SECONDS)
  await ringAgain(ports, await listSilentTasks(ports.sql, BATCH, now), now)
  for (const task of await listOverdueTasks(ports.sql, BATCH, now)) {
    try {
      if (task.state !== 'running') await happen(ports, { task, event: { kind: 'due' } }, now)
      else if (options.looksForLost) await giveUpIfLost(ports, task, options, now)
    } catch (error) {
      if (isDatabaseAway(error)) throw error
      ports.report(error) // one that cannot be moved must not hold up all behind it
      await lookAgainIn(ports.sql, task, RING_AGAIN_MS / 1000, now)
    }
  }
  await tellLate(ports, now)
}

async function tellLate(ports: SweepPorts, now: Date): Promise<void> {
  for (const attempt of await listLateAttempts(ports.sql, BATCH, now)) {
    try {
      await sayLate(ports, attempt, now)
    } catch (error) {
      if (isDatabaseAway(error)) throw error
      ports.report(error)
      await putOffLateness(ports.sql, attempt, new Date(now.getTime() + RING_AGAIN_MS))
    }
  }
}

/** Once: what follows is planted in the transaction that forgets it. */
async function sayLate(ports: AttemptPorts, late: LateAttempt, now: Date): Promise<void> {
  const moved = await ports.sql.begin(async (tx): Promise<readonly MovedTask[]> => {
    const attempt = await lockAttempt(tx, late.id)
    if (attempt?.isOver !== false || !(await forgetLateness(tx, late))) return []
    const happening = { id: late.rootId, event: { kind: 'late' } } as const
    return advanceAttempt(tx, attempt, happening, ports.limits ?? DEFAULT_LIMITS, now)
  })
  await ringReady(ports, moved)
}

async function ringAgain(ports: AttemptPorts, silent: readonly Overdue[], now: Date): Promise<void> {
  await checkAgainAt(
    ports.sql,
    silent.map(({ id }) => id),
    new Date(now.getTime() + RING_AGAIN_MS),
  )
  await ringFor(ports, silent)
}

async function giveUpIfLost(ports: AttemptPorts, task: Overdue, { fenceMs }: SweepOptions, now: Date): Promise<void> {
  const silent = await findSilentTask(ports.sql, task.id)
  if (silent === undefined) return
  const waitSeconds = patienceSeconds(silent, fenceMs) - silent.silentSeconds
  if (waitSeconds > 0) return lookAgainIn(ports.sql, task, waitSeconds, now)
  const event = { kind: 'lost', exitCause: `lost with worker ${silent.worker}` } as const
  await happen(ports, { task, event, isStillSo: (tx) => isLost(tx, task, fenceMs) }, now)
}

/** Under the task's lock: its worker may come back, or begin the task, this very moment. What it did until then is seen by the look that follows. */
async function isLost(tx: Sql, { id }: Overdue, fenceMs: number): Promise<boolean> {
  await lockTask(tx, id)
  const silent = await findSilentTask(tx, id)
  return silent !== undefined && silent.silentSeconds >= patienceSeconds(silent, fenceMs)
}

/** A claim that never came to start anything may be given away at once. */
function patienceSeconds({ hasBegun, isRetryable }: SilentTask, fenceMs: number): number {
  if (!hasBegun) return 0
  return isRetryable ? fenceMs / 1000 + FENCE_MARGIN_SECONDS : UNKNOWN_AFTER_SECONDS
}

type Happening = {
  readonly task: Overdue
  readonly event: TaskEvent
  readonly isStillSo?: (tx: Sql) => Promise<boolean>
}

async function happen(ports: AttemptPorts, { task, event, isStillSo }: Happening, now: Date): Promise<void> {
  const moved = await ports.sql.begin(async (tx): Promise<readonly MovedTask[]> => {
    const attempt = await lockAttempt(tx, task.attemptId)
    if (attempt === undefined || (await isStillSo?.(tx)) === false) return []
    const { id, epoch } = task
    const moved = await advanceAttempt(tx, attempt, { id, epoch, event }, ports.limits ?? DEFAULT_LIMITS, now)
    const own = moved.find((one) => one.id === id)
    if (event.kind === 'lost' && own !== undefined && own.state !== 'unknown') {
      await endTaskRun(tx, { ...task }, { event, state: own.state }, now)
      await closeLogsOfTasks(tx, [id], now)
    }
    return moved
  })
  await ringReady(ports, moved)
}
