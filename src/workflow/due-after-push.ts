import { firstDue, NEVER, nextDue, previousDue } from './schedule.ts'
import type { Due, Schedule } from './workflow.ts'

/** Where a schedule had come to before a push. */
export type Before = {
  /** Null: it cannot be read any more. */
  readonly schedule: Schedule | null
  /** The last session that was started. */
  readonly lastSessionTime: Date | null
  readonly nextSessionTime: Date
}

/**
 * Where a schedule goes on after a push: behind the last session that was started (as in Digdag), or that was left out since. New ones, and those that never
 * started anything, begin at `from`. Null: never.
 */
export function dueAfterPush(schedule: Schedule, before: Before | null, from: Date): Due | null {
  if (before === null || before.lastSessionTime === null) return firstDue(schedule, from)
  const { lastSessionTime } = before
  const left = findLeftOut(before)
  return nextDue(schedule, left !== undefined && left > lastSessionTime ? left : lastSessionTime)
}

/** The one before the next, as it was written then. */
function findLeftOut({ schedule, nextSessionTime }: Before): Date | undefined {
  if (schedule === null || nextSessionTime >= NEVER) return undefined
  return previousDue(schedule, nextSessionTime)?.sessionTime
}
