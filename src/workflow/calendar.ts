import { firstDue, lastDue, nextDue, previousDue } from './schedule.ts'
import type { Due, Schedule } from './workflow.ts'

type Ask = (schedule: Schedule, at: Date) => Due | null
export type Calendar = {
  readonly firstDue: Ask
  readonly lastDue: Ask
  readonly nextDue: Ask
  readonly previousDue: Ask
}

/** Remembers what it was asked: schedules that are due in the same second are often written alike, and zones are slow to ask. For one transaction, so it stays small. */
export function openCalendar(): Calendar {
  const remember = (ask: Ask): Ask => {
    const known = new Map<string, Due | null>()
    return (schedule, at) => {
      const key = JSON.stringify([schedule, at])
      const found = known.get(key)
      const due = found === undefined ? ask(schedule, at) : found
      known.set(key, due)
      return due
    }
  }
  return {
    firstDue: remember(firstDue),
    lastDue: remember(lastDue),
    nextDue: remember(nextDue),
    previousDue: remember(previousDue),
  }
}
