import { Refusal } from '../../refusal.ts'
import { formatInZone, getZone, instantOf, wallOf } from '../../workflow/zone.ts'

const HOUR_MS = 3_600_000

/** `2026-03-28T06:00:00Z`: whole seconds, as Digdag's client reads it. */
export const instant = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`

/** `2026-03-28T15:00:00+09:00`: a session's time, on the wall of its workflow's zone. */
export const zoned = (at: Date, zone: string): string => formatInZone(getZone(zone), at.getTime())

/** A time with an offset, or one on the wall of `zone`. A bare date is refused, as Digdag does; seconds may be missing, and fractions are allowed. */
export function readTime(text: string, zone: string): Date {
  const [, date, time = '', offset] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? []
  const milliseconds = time.replace(/(\.\d{3})\d+$/, '$1') // JavaScript knows no finer ones
  const at = new Date(`${date}T${milliseconds}${offset ?? 'Z'}`)
  if (Number.isNaN(at.getTime())) throw notATime(text)
  return offset === undefined ? new Date(instantOf(getZone(zone), at.getTime())) : at
}

/** The first instant of the hour or the day on the wall of `zone`. */
export function truncate(at: Date, to: 'hour' | 'day', zone: string): Date {
  const wall = wallOf(getZone(zone), at.getTime())
  const unit = to === 'hour' ? HOUR_MS : 24 * HOUR_MS
  return new Date(instantOf(getZone(zone), Math.floor(wall / unit) * unit))
}

const notATime = (text: string) =>
  new Refusal('invalid', `${text} is not a time`, 'Write it like 2026-03-28T07:00:00 or 2026-03-28T07:00:00+09:00.')
