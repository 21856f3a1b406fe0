import type { Json } from '../brand.ts'
import { type CronClock, openCron } from './cron.ts'
import { readPlan, type SchedulePlan } from './schedule-plan.ts'
import type { Due, Schedule } from './workflow.ts'
import { instantOf, readZone, wallOf, type Zone } from './zone.ts'

/** Whoever asks for times reads the schedule first: one place to import from. */
export { readSchedule } from './schedule-plan.ts'

const SECOND = 1000
const DAY = 86_400_000

/** A schedule opened for arithmetic. */
type Clock = {
  readonly zone: Zone
  readonly plan: SchedulePlan
  readonly sessions: CronClock
  /** Runs begin here at the earliest, and before `until` at the latest. */
  readonly since: number
  readonly until: number
}

/** The first whose run time is `from` or later. */
export function firstDue(schedule: Schedule, from: Date): Due | null {
  const clock = openClock(schedule)
  return firstFrom(clock, Math.max(from.getTime(), clock.since))
}

/** The session strictly after one. Null after `end`. */
export function nextDue(schedule: Schedule, afterSessionTime: Date): Due | null {
  const clock = openClock(schedule)
  const due = dueOf(clock, clock.sessions.next(afterSessionTime))
  if (due === null) return null
  return due.runAt.getTime() < clock.since ? firstFrom(clock, clock.since) : untilEnd(clock, due)
}

/** The session strictly before one, as the pattern alone says: `start` and `end` do not count. */
export function previousDue(schedule: Schedule, beforeSessionTime: Date): Due | null {
  const clock = openClock(schedule)
  return dueOf(clock, clock.sessions.previous(beforeSessionTime))
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

function openClock(schedule: Schedule): Clock {
  const zone = readZone(schedule.timezone)
  const plan = readPlan(schedule.kind, schedule.at)
  if (zone === undefined || typeof plan === 'string')
    throw new Error(`schedule was never checked: ${schedule.kind}> ${schedule.at} in ${schedule.timezone}`)
  return {
    zone,
    plan,
    sessions: openCron(plan.cron, zone),
    since: readDay(zone, schedule.options.start, 0) ?? Number.NEGATIVE_INFINITY,
    until: readDay(zone, schedule.options.end, DAY) ?? Number.POSITIVE_INFINITY,
  }
}

/** `2026-01-30`, plus `addMs`, on the zone's clocks. */
function readDay(zone: Zone, day: Json | undefined, addMs: number): number | undefined {
  return typeof day === 'string' ? instantOf(zone, Date.parse(`${day}T00:00:00Z`) + addMs) : undefined
}

function firstFrom(clock: Clock, from: number): Due | null {
  const wholeSeconds = Math.ceil(from / SECOND) * SECOND
  let due = dueOf(clock, clock.sessions.next(new Date(wholeSeconds - lookBack(clock.plan) - SECOND)))
  while (due !== null && due.runAt.getTime() < from) due = dueOf(clock, clock.sessions.next(due.sessionTime))
  return due === null ? null : untilEnd(clock, due)
}

/** How long before its run a session may lie: the delay, and a day and a half for what zones do with their clocks. */
function lookBack({ delaySeconds }: SchedulePlan): number {
  return delaySeconds === 0 ? 0 : delaySeconds * SECOND + 1.5 * DAY
}

function untilEnd({ until }: Clock, due: Due): Due | null {
  return due.runAt.getTime() < until ? due : null
}

function dueOf(clock: Clock, session: Date | undefined): Due | null {
  return session === undefined ? null : { sessionTime: session, runAt: new Date(runTime(clock, session.getTime())) }
}

/** The delay of `hourly>` is counted in real time; the others mean what the clocks on the wall show on the session's day. */
function runTime({ zone, plan }: Clock, session: number): number {
  const delayMs = plan.delaySeconds * SECOND
  if (!plan.isTimeOfDay) return session + delayMs
  const midnight = Math.floor(wallOf(zone, session) / DAY) * DAY
  return instantOf(zone, midnight + delayMs)
}
