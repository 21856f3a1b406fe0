import { Refusal } from '../../refusal.ts'

/** `2026-03-28T06:00:00Z`: whole seconds, as Digdag's client reads it. */
export const instant = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`

/** `2026-03-28T15:00:00+09:00`: a session's time, on the wall of its workflow's zone. */
export function zoned(at: Date, zone: string): string {
  const minutes = offsetMinutes(at, zone)
  const wall = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, 19)
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${wall}${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`
}

/** A time with an offset, or one on the wall of `zone`. A bare date is refused, as Digdag does; seconds may be missing, and fractions are allowed. */
export function readTime(text: string, zone: string): Date {
  const [, date, time, offset] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? []
  const wall = new Date(`${date}T${time === undefined ? '' : atMost(time)}Z`)
  if (Number.isNaN(wall.getTime())) throw notATime(text)
  if (offset === undefined) return fromWall(wall, zone)
  return new Date(`${date}T${atMost(time ?? '')}${offset}`)
}

/** The first instant of the hour or the day on the wall of `zone`. */
export function truncate(at: Date, to: 'hour' | 'day', zone: string): Date {
  const wall = new Date(at.getTime() + offsetMinutes(at, zone) * 60_000)
  wall.setUTCMinutes(0, 0, 0)
  if (to === 'day') wall.setUTCHours(0)
  return fromWall(wall, zone)
}

/** `wall` holds the digits of the wall clock as if they were UTC. In a gap of the clock it is the time after it. */
function fromWall(wall: Date, zone: string): Date {
  const guess = new Date(wall.getTime() - offsetMinutes(wall, zone) * 60_000)
  return new Date(wall.getTime() - offsetMinutes(guess, zone) * 60_000)
}

function offsetMinutes(at: Date, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at)
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name) ?? []
  if (sign === undefined) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

const two = (number: number) => String(number).padStart(2, '0')
const atMost = (time: string) => time.replace(/(\.\d{3})\d+$/, '$1') // JavaScript knows milliseconds only
const notATime = (text: string) =>
  new Refusal('invalid', `${text} is not a time`, 'Write it like 2026-03-28T07:00:00 or 2026-03-28T07:00:00+09:00.')
