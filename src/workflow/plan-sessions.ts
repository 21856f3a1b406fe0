import type { Calendar } from './calendar.ts'
import { NEVER } from './schedule.ts'
import { readPolicy, type SchedulePolicy } from './schedule-policy.ts'
import type { Due, Schedule } from './workflow.ts'

/** Where a schedule has come to. */
export type Standing = Due & {
  /** The last session that was started. */
  readonly lastSessionTime: Date | null
  /** Its next session waits since then until another one has ended, and those that have come due since wait behind it. */
  readonly waitingSince: Date | null
  /** Sessions that it has made up since it was last on time. */
  readonly madeUp: number
  /** A person wants all to be made up that was due until then. */
  readonly makeUpUntil: Date | null
}

/** Attempts of the workflow that have not ended. */
export type Running = {
  readonly isAny: boolean
  /** One of them is the newest of its session, and was not asked to stop: that is what Digdag takes for running. */
  readonly isAtIt: boolean
}

export type SkipReason = 'late' | 'running' | 'replaced' | 'missed'
export type Skip = { readonly sessionTime: Date; readonly because: SkipReason }

export type Verdict = 'start' | 'wait' | 'replace' | 'hold' | { readonly skip: SkipReason }

export type Plan<One extends Standing> = {
  readonly starts: readonly One[]
  /** The newest of those that are left out. */
  readonly skips: readonly Skip[]
  readonly next: One
  /** A person decides what becomes of the next one. */
  readonly isHeld: boolean
  /** What runs is asked to stop, so that the next one can start. */
  readonly mustStop: boolean
}

/** So many missed sessions are made up without asking; and so many are started at once. */
export const MADE_UP = 10
/** A session that starts later than this was missed: a web that is started anew takes less. */
const MISSED_AFTER_MS = 300_000
/** Of sessions that are left out so many are remembered. */
export const SKIPS_KEPT = 20

/** A schedule, and whom to ask for its times. */
export type Course = { readonly schedule: Schedule; readonly calendar: Calendar }

const ENDED: Due = { runAt: NEVER, sessionTime: NEVER }

/** Brings a schedule up to now, or as far as it gets. In few steps, however long nobody has looked: what is left out is leapt over. */
export function planSessions<One extends Standing>(
  course: Course,
  { standing, running }: { standing: One; running: Running },
  now: Date,
): Plan<One> {
  const policy = readPolicy(course.schedule.options)
  const plan = { starts: [] as One[], skips: [] as Skip[], isHeld: false, mustStop: false }
  let next = standing
  while (next.runAt <= now && plan.starts.length < MADE_UP) {
    const after = course.calendar.nextDue(course.schedule, next.sessionTime) ?? ENDED
    const isMissed = wasMissed(next, after, now)
    const hasStarted = plan.starts.length > 0
    const runs = hasStarted ? { isAny: true, isAtIt: true } : running
    const verdict = decideSession(policy, { ...next, now, isMissed, isLast: after.runAt > now, running: runs })
    if (verdict === 'hold') return { ...plan, next, isHeld: true }
    if (verdict === 'wait' || verdict === 'replace') {
      const waitingSince = next.waitingSince ?? (isMissed ? now : next.runAt)
      return { ...plan, next: { ...next, waitingSince }, mustStop: verdict === 'replace' }
    }
    if (verdict === 'start') {
      plan.starts.push(next)
      next = { ...next, ...after, lastSessionTime: next.sessionTime, madeUp: isMissed ? next.madeUp + 1 : 0 }
    } else {
      // The first may have been put off: it says nothing of when those behind it run.
      const turn = next === standing ? null : findTurn(course, policy, next, now)
      const then = turn ?? after
      const left = listLeftOut(course, next.sessionTime, then)
      const skipped = left.map((sessionTime) => ({ sessionTime, because: verdict.skip }))
      plan.skips = [...plan.skips, ...skipped].slice(-SKIPS_KEPT)
      next = { ...next, ...then }
    }
  }
  return { ...plan, next: next.runAt > now ? { ...next, waitingSince: null } : next }
}

/** Behind a session that is left out, the first of those due that may fare otherwise: between the two, all that is asked of a session has the same answer. */
function findTurn(
  { schedule, calendar }: Course,
  { skippedAfterMs }: SchedulePolicy,
  { runAt, waitingSince, makeUpUntil }: Standing,
  now: Date,
): Due | null {
  const last = calendar.lastDue(schedule, now)?.runAt.getTime()
  if (last === undefined) return null
  const turns = [last]
  if (skippedAfterMs !== null) turns.push(now.getTime() - skippedAfterMs)
  if (waitingSince !== null) turns.push(waitingSince.getTime())
  if (makeUpUntil !== null) turns.push(makeUpUntil.getTime() + 1)
  const ahead = turns.filter((turn) => turn > runAt.getTime() && turn <= last)
  return ahead.length === 0 ? null : calendar.firstDue(schedule, new Date(Math.min(...ahead)))
}

/** One session and those behind it up to `then`, or the last ones of them. */
function listLeftOut({ schedule, calendar }: Course, first: Date, then: Due): readonly Date[] {
  const behind: Date[] = []
  let one = then === ENDED ? null : calendar.previousDue(schedule, then.sessionTime)
  while (one !== null && one.sessionTime > first && behind.length < SKIPS_KEPT) {
    behind.unshift(one.sessionTime)
    one = calendar.previousDue(schedule, one.sessionTime)
  }
  return [first, ...behind]
}

/** Nobody started it in time; one that came due behind another that waits has only waited. */
function wasMissed({ runAt, waitingSince, makeUpUntil }: Standing, after: Due, now: Date): boolean {
  if (waitingSince !== null && runAt >= waitingSince) return false
  if (makeUpUntil !== null && runAt <= makeUpUntil) return false
  return after.runAt <= now || now.getTime() - runAt.getTime() > MISSED_AFTER_MS
}

export type Situation = Pick<Standing, 'runAt' | 'madeUp'> & {
  readonly now: Date
  readonly isMissed: boolean
  /** No later session is due. */
  readonly isLast: boolean
  readonly running: Running
}

/** What becomes of a session that is due. */
export function decideSession({ overlap, missed, skippedAfterMs }: SchedulePolicy, situation: Situation): Verdict {
  const { runAt, madeUp, now, isMissed, isLast, running } = situation
  if (skippedAfterMs !== null && now.getTime() > runAt.getTime() + skippedAfterMs) return { skip: 'late' }
  if (overlap === 'forbid' && running.isAtIt) return { skip: 'running' }
  if (isMissed && missed === 'ask') return 'hold'
  if (isMissed && missed === 'all' && madeUp >= MADE_UP) return 'hold'
  if (isMissed && (missed === 'none' || (missed === 'last' && !isLast))) return { skip: 'missed' }
  if (overlap === 'replace' && !isLast) return { skip: 'replaced' }
  if (!running.isAny || overlap === 'allow' || overlap === 'forbid') return 'start'
  return overlap === 'queue' ? 'wait' : 'replace'
}
