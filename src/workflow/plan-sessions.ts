import type { SchedulePolicy } from './schedule-policy.ts'
import type { Due } from './workflow.ts'

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

/** Brings a schedule up to now, or as far as it gets. `dueAfter` gives the session after one, and one that never comes at the end. */
export function planSessions<One extends Standing>(
  policy: SchedulePolicy,
  { standing, running, dueAfter }: { standing: One; running: Running; dueAfter: (sessionTime: Date) => Due },
  now: Date,
): Plan<One> {
  const plan = { starts: [] as One[], skips: [] as Skip[], isHeld: false, mustStop: false }
  let next = standing
  while (next.runAt <= now && plan.starts.length < MADE_UP) {
    const after = dueAfter(next.sessionTime)
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
      plan.skips = [...plan.skips, { sessionTime: next.sessionTime, because: verdict.skip }].slice(-SKIPS_KEPT)
      next = { ...next, ...after }
    }
  }
  return { ...plan, next: next.runAt > now ? { ...next, waitingSince: null } : next }
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
