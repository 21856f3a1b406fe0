import { Refusal } from '../../refusal.ts'
import { formatInZone, getZone, instantOf, wallOf } from '../../workflow/zone.ts'

const HOUR_MS = 3_600_000

/** `2026-03-28T06:00:00Z`: whole seconds, as Digdag's client reads it. */
export const instant = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`

/** `2026-03-28T15:00:00+09:00`: a session's time, on the wall of its workflow's zone. */
export const zoned = (at: Date, zone: string): string => formatInZone(getZone(zone), at.getTime())

/** PostgreSQL and our calendars know more, but not each the same; nobody means a session outside of these. */
const [FIRST, END] = [Date.UTC(1970, 0, 1), Date.UTC(9999, 0, 1)]

const WRITTEN = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/

/** A time with an offset, or one on the wall of `zone`; null: it must have an offset. Undefined: it is none, or out of bounds. Seconds may be missing, and fractions are allowed. */
export function parseTime(text: string, zone: string | null): Date | undefined {
  const [, date = '', time = '', fraction = '0', offset] = WRITTEN.exec(text) ?? []
  const wall = Date.parse(`${date}T${time}Z`)
  // Of 31 February JavaScript makes 3 March.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(date)) return undefined
  if (offset === undefined && zone === null) return undefined
  const whole = offset === undefined ? instantOf(getZone(zone ?? 'UTC'), wall) : Date.parse(`${date}T${time}${offset}`)
  const at = whole + Math.floor(Number(`0.${fraction}`) * 1000)
  return at >= FIRST && at < END ? new Date(at) : undefined
}

/** As people and Digdag's client write it: with a space for the T, too. A bare date is refused, as Digdag does. */
export function readTime(text: string, zone: string): Date {
  const at = parseTime(text.replace(' ', 'T'), zone)
  if (at !== undefined) return at
  throw new Refusal(
    'invalid',
    `${text} is not a time`,
    'Write it like 2026-03-28T07:00:00 or 2026-03-28T07:00:00+09:00, in a year from 1970 to 9998.',
  )
}

const FARTHEST_BACK_MS = 366 * 24 * HOUR_MS

/** From where a schedule goes on: all that lies between there and now is made up or left out. */
export function checkFarBack(name: string, at: Date, now: Date): Date {
  if (now.getTime() - at.getTime() <= FARTHEST_BACK_MS) return at
  throw new Refusal(
    'invalid',
    `${name} is more than a year ago: ${instant(at)}`,
    'Let the schedule begin within the last year, and start older sessions one by one: sluice start --session TIME.',
  )
}

/** The first instant of the hour or the day on the wall of `zone`. */
export function truncate(at: Date, to: 'hour' | 'day', zone: string): Date {
  const wall = wallOf(getZone(zone), at.getTime())
  const unit = to === 'hour' ? HOUR_MS : 24 * HOUR_MS
  return new Date(instantOf(getZone(zone), Math.floor(wall / unit) * unit))
}
