import type { JsonObject } from '../brand.ts'
import {
  type DueSchedule,
  findNextRunAt,
  hasRunningSession,
  holdSchedule,
  lockDueSchedule,
  moveScheduleOn,
  NEVER,
  postponeSchedule,
} from '../db/schedules.ts'
import { isPassing, type Sql } from '../db/sql.ts'
import type { MovedTask } from '../db/tasks.ts'
import { Refusal } from '../refusal.ts'
import { readBoolean } from '../workflow/coerce.ts'
import { MADE_UP } from '../workflow/held.ts'
import { nextDue, readSchedule } from '../workflow/schedule.ts'
import { readDuration } from '../workflow/schedule-plan.ts'
import type { Due, Schedule } from '../workflow/workflow.ts'
import { formatInZone, readZone } from '../workflow/zone.ts'
import { type AttemptLimits, DEFAULT_LIMITS } from './advance-attempt.ts'
import { type AttemptPorts, ringReady } from './finish-task.ts'
import { startAttemptIn } from './start-attempt.ts'

const TEN_MINUTES_MS = 600_000
const HOUR_MS = 3_600_000

/** Starts what is due: each session once, whoever else looks at the same moment. Gives the time when the next one is due. */
export async function runDueSchedules(ports: AttemptPorts, now: Date): Promise<Date | null> {
  while (await runNext(ports, now)) {
    // one schedule a transaction
  }
  return findNextRunAt(ports.sql)
}

/** False: nothing is due. A bug keeps its own schedule from running for an hour, and not the others; what passes by itself keeps nobody. */
async function runNext(ports: AttemptPorts, now: Date): Promise<boolean> {
  let current: DueSchedule | undefined
  const run = ports.sql.begin(async (tx): Promise<readonly MovedTask[]> => {
    current = await lockDueSchedule(tx, now)
    return current === undefined ? [] : await runSchedule(tx, ports.limits ?? DEFAULT_LIMITS, current, now)
  })
  const ready = await run.catch(async (error: unknown) => {
    if (current !== undefined && !isPassing(error))
      await postponeSchedule(ports.sql, current, new Date(now.getTime() + HOUR_MS))
    throw error
  })
  await ringReady(ports, ready)
  return current !== undefined
}

/** Catches up with the clock, session by session. */
async function runSchedule(
  tx: Sql,
  limits: AttemptLimits,
  first: DueSchedule,
  now: Date,
): Promise<readonly MovedTask[]> {
  const schedule = getSchedule(first)
  const ready: MovedTask[] = []
  let current = first
  for (let made = 0; current.runAt <= now; ) {
    if (await mustSkip(tx, schedule, current, now)) {
      current = { ...current, ...dueAfter(schedule, current) }
      continue
    }
    if (made === MADE_UP) {
      await holdSchedule(tx, current.id, now)
      break
    }
    const started = await startSession(tx, limits, current, now)
    if (started === 'refused') {
      current = { ...current, runAt: new Date(now.getTime() + TEN_MINUTES_MS) }
      break
    }
    ready.push(...started)
    made += 1
    current = { ...current, ...dueAfter(schedule, current), lastSessionTime: current.sessionTime }
  }
  await moveScheduleOn(tx, current, now)
  return ready
}

const dueAfter = (schedule: Schedule, { sessionTime }: DueSchedule): Due =>
  nextDue(schedule, sessionTime) ?? { runAt: NEVER, sessionTime: NEVER }

function getSchedule({ config, timezone, workflowName }: DueSchedule): Schedule {
  const schedule = readSchedule(config.schedule ?? null, timezone)
  if (schedule === null) throw new Error(`workflow ${workflowName} was released with a schedule that cannot be read`)
  return schedule
}

async function mustSkip(tx: Sql, { options }: Schedule, due: DueSchedule, now: Date): Promise<boolean> {
  const seconds = readDuration(options.skip_delayed_by ?? null)
  if (seconds !== undefined && now.getTime() > due.runAt.getTime() + seconds * 1000) return true
  const onOvertime = readBoolean('skip_on_overtime', options.skip_on_overtime ?? false)
  return onOvertime.ok && onOvertime.value && (await hasRunningSession(tx, due))
}

/** Refused when a limit is reached. A session that exists already was executed. */
async function startSession(tx: Sql, limits: AttemptLimits, due: DueSchedule, now: Date) {
  const { workflowId, sessionTime } = due
  const start = {
    workflowId,
    sessionTime,
    params: lastExecuted(due),
    retryName: '',
    resume: null,
    startedBy: 'schedule',
  }
  try {
    // A savepoint: what a refused start has written is undone, the schedule's lock stays.
    return (await savepoint(tx, (inner) => startAttemptIn(inner, limits, start, now))).ready
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return 'refused'
  }
}

async function savepoint<T>(tx: Sql, act: (inner: Sql) => Promise<T>): Promise<T> {
  if (!('savepoint' in tx)) throw new Error('a savepoint needs a transaction')
  return (await tx.savepoint(act)) as T // postgres.js unwraps arrays of promises in its type, which these are not
}

function lastExecuted({ lastSessionTime, timezone }: DueSchedule): JsonObject {
  if (lastSessionTime === null) return {}
  const zone = readZone(timezone) ?? { id: 'UTC', fixedMinutes: 0 }
  return { last_executed_session_time: formatInZone(zone, lastSessionTime.getTime()) }
}
