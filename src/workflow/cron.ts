import { Cron } from 'croner'
import type { Zone } from './zone.ts'

/** One pattern or several joined by `|`, in a zone. Times are whole seconds; undefined when there is none. */
export type CronClock = {
  readonly next: (after: Date) => Date | undefined
  readonly previous: (before: Date) => Date | undefined
}

/** Five fields of digits, names, `*`, `,`, `-`, `/`, and `L` for the last day. More (seconds, `@daily`, `W`) is croner's, not the language's. */
const FIELD = /^(\*|[\dA-Za-z]+(-[\dA-Za-z]+)?)(\/\d+)?(,(\*|[\dA-Za-z]+(-[\dA-Za-z]+)?)(\/\d+)?)*$/
const WORD = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat|l)$/i

/** What is wrong with a pattern, undefined when nothing is. */
export function findCronFault(expression: string): string | undefined {
  for (const pattern of expression.split('|')) {
    const fault = findPatternFault(pattern.trim())
    if (fault !== undefined) return fault
  }
  return undefined
}

function findPatternFault(pattern: string): string | undefined {
  const fields = pattern.split(/\s+/)
  if (fields.length !== 5)
    return `a cron pattern has 5 fields (minute hour day month weekday), "${pattern}" has ${fields.length}`
  const odd = fields.find((field, index) => !isField(field, index))
  if (odd !== undefined) return `"${odd}" in "${pattern}" is no cron field`
  const opened = tryPattern(pattern)
  if (typeof opened === 'string') return opened
  return opened.nextRun(new Date('2024-01-01T00:00:00Z')) === null
    ? `"${pattern}" never comes: there is no such day`
    : undefined
}

function isField(field: string, index: number): boolean {
  const words = field.match(/[A-Za-z]+/g) ?? []
  return FIELD.test(field) && words.every((word) => WORD.test(word) && (word.toLowerCase() !== 'l' || index === 2))
}

/** croner has no other way to validate than to throw. */
function tryPattern(pattern: string): Cron | string {
  try {
    return openPattern(pattern, { id: 'UTC', fixedMinutes: 0 })
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
    return `"${pattern}" is no cron pattern: ${why}`
  }
}

/** Day of month and day of week must both match, as in Digdag; croner's default is either. */
function openPattern(pattern: string, zone: Zone): Cron {
  const where = zone.fixedMinutes === null ? { timezone: zone.id } : { utcOffset: zone.fixedMinutes }
  return new Cron(pattern, { ...where, domAndDow: true, paused: true, mode: '5-part' })
}

/** The pattern is one that `findCronFault` let pass. A time in the spring gap comes right after it, a repeated one comes once, the first. */
export function openCron(expression: string, zone: Zone): CronClock {
  const patterns = expression.split('|').map((pattern) => openPattern(pattern.trim(), zone))
  const pick = (dates: readonly (Date | null | undefined)[], sign: number) =>
    dates.filter((date) => date instanceof Date).sort((a, b) => sign * (a.getTime() - b.getTime()))[0]
  return {
    next: (after) =>
      pick(
        patterns.map((pattern) => pattern.nextRun(after)),
        1,
      ),
    previous: (before) =>
      pick(
        patterns.map((pattern) => pattern.previousRuns(1, before)[0]),
        -1,
      ),
  }
}
