import type { AttemptId, JsonObject } from '../brand.ts'
import { type AttemptState, releaseActiveAttempt } from '../db/attempts.ts'
import {
  type DueSchedule,
  findNextRunAt,
  holdSchedule,
  insertSkips,
  listRunning,
  lockDueSchedules,
  moveSchedulesOn,
  postponeSchedule,
} from '../db/due-schedules.ts'
import { isPassing, type Sql } from '../db/sql.ts'
import type { MovedTask } from '../db/tasks.ts'
import { Refusal } from '../refusal.ts'
import { type Calendar, openCalendar } from '../workflow/calendar.ts'
import { type Plan, planSessions } from '../workflow/plan-sessions.ts'
import { readSchedule } from '../workflow/schedule.ts'
import { readPolicy } from '../workflow/schedule-policy.ts'
import type { Schedule } from '../workflow/workflow.ts'
import { formatInZone, getZone } from '../workflow/zone.ts'
import { type AttemptLimits, DEFAULT_LIMITS } from './advance-attempt.ts'
import { cancelAttemptIn } from './cancel-attempt.ts'
import { type AttemptPorts, ringReady } from './finish-task.ts'
import { type Start, startAttemptsIn } from './start-attempt.ts'

const TEN_MINUTES_MS = 600_000
const HOUR_MS = 3_600_000

/** Schedules of one transaction: enough that commits cost little, and few enough that a web that dies holds up no more than these. */
const TOGETHER = 50
/** Of their workflows, as JSON: so much is planted at once. */
const TOGETHER_BYTES = 2 ** 20

/** Starts what is due: each session once, whoever else looks at the same moment. Gives the time when the next one is due. */
export async function runDueSchedules(ports: AttemptPorts, now: Date): Promise<Date | null> {
  while (await runTogether(ports, now)) {
    // some schedules a transaction
  }
  return findNextRunAt(ports.sql)
}

/** False: nothing is due, or other webs are at it. What cannot be started together is looked at one by one. */
async function runTogether(ports: AttemptPorts, now: Date): Promise<boolean> {
  let seen: readonly DueSchedule[] = []
  const run = ports.sql.begin(async (tx): Promise<readonly MovedTask[]> => {
    seen = upToBytes(await lockDueSchedules(tx, TOGETHER, now), TOGETHER_BYTES)
    const plans: SchedulePlan[] = []
    const calendar = openCalendar()
    for (const due of seen) plans.push(await planSchedule(tx, calendar, due, now))
    const starts = plans.flatMap((plan) => plan.starts.map(startOf))
    const ended = await makeRoom(tx, plans, now)
    const started = starts.length === 0 ? [] : await startAttemptsIn(tx, limitsOf(ports), starts, now)
    await settle(tx, plans, now)
    for (const state of ended) await releaseActiveAttempt(tx, state)
    return started.flatMap(({ ready }) => ready)
  })
  try {
    await ringReady(ports, await run)
  } catch (error) {
    if (isPassing(error) || seen.length === 0) throw error
    await runOneByOne(ports, seen.length, now)
  }
  return seen.length > 0
}

function upToBytes(schedules: readonly DueSchedule[], limit: number): readonly DueSchedule[] {
  let bytes = 0
  const fits = schedules.filter(({ config }) => {
    bytes += JSON.stringify(config).length
    return bytes <= limit
  })
  return fits.length > 0 ? fits : schedules.slice(0, 1)
}

/** So a bug in one does not keep the others: theirs are started, and only then is it told. */
async function runOneByOne(ports: AttemptPorts, count: number, now: Date): Promise<void> {
  const bugs: unknown[] = []
  for (let index = 0; index < count; index += 1) {
    await runAlone(ports, now).catch((error: unknown) => {
      if (isPassing(error)) throw error
      bugs.push(error)
    })
  }
  if (bugs.length > 0) throw bugs[0]
}

/** A bug keeps its own schedule from running for an hour; what passes by itself keeps nobody. */
async function runAlone(ports: AttemptPorts, now: Date): Promise<void> {
  let current: DueSchedule | undefined
  const run = ports.sql.begin(async (tx): Promise<readonly MovedTask[]> => {
    ;[current] = await lockDueSchedules(tx, 1, now)
    return current === undefined ? [] : await startInTurn(tx, limitsOf(ports), current, now)
  })
  const ready = await run.catch(async (error: unknown) => {
    if (current !== undefined && !isPassing(error))
      await postponeSchedule(ports.sql, current, new Date(now.getTime() + HOUR_MS))
    throw error
  })
  await ringReady(ports, ready)
}

const limitsOf = ({ limits }: AttemptPorts) => limits ?? DEFAULT_LIMITS

/** Session by session, until one is refused: that one and those after it are tried again later. */
async function startInTurn(tx: Sql, limits: AttemptLimits, due: DueSchedule, now: Date): Promise<readonly MovedTask[]> {
  const plan = await planSchedule(tx, openCalendar(), due, now)
  const ended = await makeRoom(tx, [plan], now)
  const ready: MovedTask[] = []
  let reached: SchedulePlan = plan
  for (const session of plan.starts) {
    const started = await startSession(tx, limits, session, now)
    if (started.kind === 'refused') {
      const next = { ...session, runAt: new Date(now.getTime() + TEN_MINUTES_MS) }
      const skips = plan.skips.filter(({ sessionTime }) => sessionTime < session.sessionTime)
      reached = { ...plan, skips, next, isHeld: false, refusedBecause: started.because }
      break
    }
    ready.push(...started.ready)
  }
  await settle(tx, [reached], now)
  for (const state of ended) await releaseActiveAttempt(tx, state)
  return ready
}

/** Asks attempts to stop that others replace. Before anything is started: whoever advances an attempt has its lock first, and the limit's last. */
async function makeRoom(tx: Sql, plans: readonly SchedulePlan[], now: Date): Promise<readonly AttemptState[]> {
  const ended: AttemptState[] = []
  for (const id of plans.flatMap(({ stops }) => stops)) {
    const canceled = await cancelAttemptIn(tx, id, 'schedule', now)
    if (canceled.ended !== undefined) ended.push(canceled.ended)
  }
  return ended
}

/** `stops`: attempts that make room for the next session. */
type SchedulePlan = Plan<DueSchedule> & {
  readonly stops: readonly AttemptId[]
  /** Why the next session could not be started. */
  readonly refusedBecause: string | null
}

/** Catches up with the clock. */
async function planSchedule(tx: Sql, calendar: Calendar, due: DueSchedule, now: Date): Promise<SchedulePlan> {
  const schedule = getSchedule(due)
  const running = readPolicy(schedule.options).overlap === 'allow' ? NONE : await listRunning(tx, due)
  const plan = planSessions({ schedule, calendar }, { standing: due, running }, now)
  return { ...plan, stops: plan.mustStop ? running.ids : [], refusedBecause: null }
}

const NONE = { isAny: false, isAtIt: false, ids: [] }

async function settle(tx: Sql, plans: readonly SchedulePlan[], now: Date): Promise<void> {
  const moved = plans.map(({ next, refusedBecause }) => ({ ...next, refusedBecause }))
  if (moved.length > 0) await moveSchedulesOn(tx, moved, now)
  for (const { next, isHeld } of plans) if (isHeld) await holdSchedule(tx, next.id, now)
  const skips = plans.flatMap(({ next, skips }) => skips.map((skip) => ({ ...skip, scheduleId: next.id })))
  if (skips.length > 0) await insertSkips(tx, skips, now)
}

function getSchedule({ config, timezone, workflowName }: DueSchedule): Schedule {
  const schedule = readSchedule(config.schedule ?? null, timezone)
  if (schedule === null) throw new Error(`workflow ${workflowName} was released with a schedule that cannot be read`)
  return schedule
}

/** Refused when a limit is reached. A session that exists already was executed. */
async function startSession(tx: Sql, limits: AttemptLimits, due: DueSchedule, now: Date) {
  try {
    // A savepoint: what a refused start has written is undone, the schedule's lock stays.
    const started = await savepoint(tx, (inner) => startAttemptsIn(inner, limits, [startOf(due)], now))
    return { kind: 'started', ready: started.flatMap(({ ready }) => ready) } as const
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { kind: 'refused', because: `${error.message}. ${error.hint}` } as const
  }
}

async function savepoint<T>(tx: Sql, act: (inner: Sql) => Promise<T>): Promise<T> {
  if (!('savepoint' in tx)) throw new Error('a savepoint needs a transaction')
  return (await tx.savepoint(act)) as T // postgres.js unwraps arrays of promises in its type, which these are not
}

const startOf = (due: DueSchedule): Start => ({
  workflowId: due.workflowId,
  sessionTime: due.sessionTime,
  params: lastExecuted(due),
  retryName: '',
  resume: null,
  startedBy: 'schedule',
  runAt: due.runAt,
})

function lastExecuted({ lastSessionTime, timezone }: DueSchedule): JsonObject {
  if (lastSessionTime === null) return {}
  return { last_executed_session_time: formatInZone(getZone(timezone), lastSessionTime.getTime()) }
}
