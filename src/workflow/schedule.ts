import type { Json } from '../brand.ts'
import { findInstant } from './cron.ts'
import { readPlan, type SchedulePlan } from './schedule-plan.ts'
import type { Due, Schedule } from './workflow.ts'
import { getZone, instantOf, wallOf, type Zone } from './zone.ts'

/** Whoever asks for times reads the schedule first: one place to import from. */
export { readSchedule } from './schedule-faults.ts'

/** When a schedule has come to its end; Digdag's word for never. Nothing runs later: years of five digits are written otherwise everywhere. */
export const NEVER = new Date('9999-01-01T00:00:00Z')

const SECOND = 1000
const DAY = 86_400_000

/** A schedule opened for arithmetic. */
type Clock = {
  readonly zone: Zone
  readonly plan: SchedulePlan
  /** Runs begin here at the earliest, and before `until` at the latest. */
  readonly since: number
  readonly until: number
}

/** The first whose run time is `from` or later. */
export function firstDue(schedule: Schedule, from: Date): Due | null {
  const clock = openClock(schedule)
  const wholeSeconds = Math.ceil(from.getTime() / SECOND) * SECOND
  return within(clock, firstRun(clock, wholeSeconds - longestDelay(clock.plan) - 1, wholeSeconds))
}

/** The last whose run time is `until` or earlier. */
export function lastDue(schedule: Schedule, until: Date): Due | null {
  const clock = openClock(schedule)
  const latest = Math.min(until.getTime(), clock.until - 1)
  let due = findDue(clock, latest - shortestDelay(clock.plan) + 1, -1)
  while (due !== null && due.runAt.getTime() > latest) due = findDue(clock, due.sessionTime.getTime(), -1)
  return due === null || due.runAt.getTime() < clock.since ? null : due
}

/** The session strictly after one. Null after `end`. */
export function nextDue(schedule: Schedule, afterSessionTime: Date): Due | null {
  const clock = openClock(schedule)
  return within(clock, findDue(clock, afterSessionTime.getTime(), 1))
}

/** The session strictly before one, as the pattern alone says: `start` and `end` do not count. */
export function previousDue(schedule: Schedule, beforeSessionTime: Date): Due | null {
  return findDue(openClock(schedule), beforeSessionTime.getTime(), -1)
}

/** The next `count` whose run time is `from` or later. */
export function nextDues(schedule: Schedule, from: Date, count: number): readonly Due[] {
  const dues: Due[] = []
  let due = firstDue(schedule, from)
  while (due !== null && dues.length < count) {
    dues.push(due)
    due = nextDue(schedule, due.sessionTime)
  }
  return dues
}

const clocks = new WeakMap<Schedule, Clock>()

function openClock(schedule: Schedule): Clock {
  const clock = clocks.get(schedule) ?? readClock(schedule)
  clocks.set(schedule, clock)
  return clock
}

function readClock({ kind, at, timezone, options }: Schedule): Clock {
  const zone = getZone(timezone)
  const read = readPlan(kind, at)
  if (!read.ok) throw new Error(`schedule was never checked: ${kind}> ${at}`)
  return {
    zone,
    plan: read.plan,
    since: readDay(zone, options.start, 0) ?? Number.NEGATIVE_INFINITY,
    until: Math.min(readDay(zone, options.end, DAY) ?? Number.POSITIVE_INFINITY, NEVER.getTime()),
  }
}

/** `2026-01-30`, plus `addMs`, on the zone's clocks. */
function readDay(zone: Zone, day: Json | undefined, addMs: number): number | undefined {
  return typeof day === 'string' ? instantOf(zone, Date.parse(`${day}T00:00:00Z`) + addMs) : undefined
}

/** How long before its run a session may lie: the delay, and what zones do with their clocks within it. */
const longestDelay = (plan: SchedulePlan) => delayOf(plan) + clockChanges(plan)
const shortestDelay = (plan: SchedulePlan) => delayOf(plan) - clockChanges(plan)

const delayOf = (plan: SchedulePlan) => (plan.kind === 'interval' ? 0 : plan.delaySeconds * SECOND)
const clockChanges = (plan: SchedulePlan) => (plan.kind === 'cron' && plan.isTimeOfDay ? 1.5 * DAY : 0)

/** The first session after one instant whose run is not before another. */
function firstRun(clock: Clock, afterSession: number, from: number): Due | null {
  let due = findDue(clock, afterSession, 1)
  while (due !== null && due.runAt.getTime() < from) due = findDue(clock, due.sessionTime.getTime(), 1)
  return due
}

/** One that would run before `start` gives way to the first session from `start` on (as in Digdag). */
function within(clock: Clock, due: Due | null): Due | null {
  const { since, until } = clock
  const begun = due !== null && due.runAt.getTime() < since ? firstRun(clock, since - 1, since) : due
  return begun !== null && begun.runAt.getTime() < until ? begun : null
}

function findDue(clock: Clock, from: number, sign: 1 | -1): Due | null {
  const session = findSession(clock, from, sign)
  if (session === undefined) return null
  return { sessionTime: new Date(session), runAt: new Date(runTime(clock, session)) }
}

/** Strictly after, or strictly before. */
function findSession({ plan, zone }: Clock, from: number, sign: 1 | -1): number | undefined {
  if (plan.kind === 'interval') {
    const every = plan.seconds * SECOND
    return (sign === 1 ? Math.floor(from / every) + 1 : Math.ceil(from / every) - 1) * every
  }
  const found = plan.patterns.map((pattern) => findInstant(pattern, zone, from, sign))
  const instants = found.filter((instant) => instant !== undefined)
  if (instants.length === 0) return undefined
  return sign === 1 ? Math.min(...instants) : Math.max(...instants)
}

/** The delay of `hourly>` is counted in real time; the others mean what the clocks on the wall show on the session's day. */
function runTime({ zone, plan }: Clock, session: number): number {
  if (plan.kind === 'interval' || !plan.isTimeOfDay) return session + delayOf(plan)
  const midnight = Math.floor(wallOf(zone, session) / DAY) * DAY
  return instantOf(zone, midnight + delayOf(plan))
}
