import type { JsonObject } from '../brand.ts'
import {
  type DueSchedule,
  findNextRunAt,
  hasRunningSession,
  holdSchedule,
  lockDueSchedules,
  moveSchedulesOn,
  NEVER,
  postponeSchedule,
} from '../db/schedules.ts'
import { isPassing, type Sql } from '../db/sql.ts'
import type { MovedTask } from '../db/tasks.ts'
import { Refusal } from '../refusal.ts'
import { type Calendar, openCalendar } from '../workflow/calendar.ts'
import { readBoolean } from '../workflow/coerce.ts'
import { readDuration } from '../workflow/duration.ts'
import { MADE_UP } from '../workflow/held.ts'
import { readSchedule } from '../workflow/schedule.ts'
import type { Due, Schedule } from '../workflow/workflow.ts'
import { formatInZone, getZone } from '../workflow/zone.ts'
import { type AttemptLimits, DEFAULT_LIMITS } from './advance-attempt.ts'
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
    const plans: Plan[] = []
    const calendar = openCalendar()
    for (const due of seen) plans.push(await planSchedule(tx, calendar, due, now))
    const starts = plans.flatMap(({ sessions }) => sessions.map(startOf))
    const started = starts.length === 0 ? [] : await startAttemptsIn(tx, limitsOf(ports), starts, now)
    await settle(tx, plans, now)
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
  const ready: MovedTask[] = []
  for (const session of plan.sessions) {
    const started = await startSession(tx, limits, session, now)
    if (started === 'refused') {
      const next = { ...session, runAt: new Date(now.getTime() + TEN_MINUTES_MS) }
      await settle(tx, [{ sessions: [], next, isHeld: false }], now)
      return ready
    }
    ready.push(...started)
  }
  await settle(tx, [plan], now)
  return ready
}

/** Where a schedule has come to: the sessions to start, and what is next. */
type Plan = { readonly sessions: readonly DueSchedule[]; readonly next: DueSchedule; readonly isHeld: boolean }

/** Catches up with the clock. */
async function planSchedule(tx: Sql, calendar: Calendar, first: DueSchedule, now: Date): Promise<Plan> {
  const schedule = getSchedule(first)
  const dueAfter = ({ sessionTime }: DueSchedule): Due =>
    calendar.nextDue(schedule, sessionTime) ?? { runAt: NEVER, sessionTime: NEVER }
  const sessions: DueSchedule[] = []
  let next = first
  while (next.runAt <= now) {
    if (await mustSkip(tx, schedule, next, { isOneMade: sessions.length > 0, now })) {
      next = { ...next, ...dueAfter(next) }
      continue
    }
    if (sessions.length === MADE_UP) return { sessions, next, isHeld: true }
    sessions.push(next)
    next = { ...next, ...dueAfter(next), lastSessionTime: next.sessionTime }
  }
  return { sessions, next, isHeld: false }
}

async function settle(tx: Sql, plans: readonly Plan[], now: Date): Promise<void> {
  const moved = plans.map(({ next }) => next)
  if (moved.length > 0) await moveSchedulesOn(tx, moved, now)
  for (const { next, isHeld } of plans) if (isHeld) await holdSchedule(tx, next.id, now)
}

function getSchedule({ config, timezone, workflowName }: DueSchedule): Schedule {
  const schedule = readSchedule(config.schedule ?? null, timezone)
  if (schedule === null) throw new Error(`workflow ${workflowName} was released with a schedule that cannot be read`)
  return schedule
}

type Beside = { /** A session of it is about to be started. */ readonly isOneMade: boolean; readonly now: Date }

async function mustSkip(tx: Sql, { options }: Schedule, due: DueSchedule, { isOneMade, now }: Beside) {
  const seconds = readDuration(options.skip_delayed_by ?? null)
  if (seconds !== undefined && now.getTime() > due.runAt.getTime() + seconds * 1000) return true
  const onOvertime = readBoolean('skip_on_overtime', options.skip_on_overtime ?? false)
  return onOvertime.ok && onOvertime.value && (isOneMade || (await hasRunningSession(tx, due)))
}

/** Refused when a limit is reached. A session that exists already was executed. */
async function startSession(tx: Sql, limits: AttemptLimits, due: DueSchedule, now: Date) {
  try {
    // A savepoint: what a refused start has written is undone, the schedule's lock stays.
    const started = await savepoint(tx, (inner) => startAttemptsIn(inner, limits, [startOf(due)], now))
    return started.flatMap(({ ready }) => ready)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return 'refused'
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
