import { type CronPattern, LAST_DAY } from './cron-pattern.ts'
import { instantOf, offsetMs, stretchOf, wallOf, type Zone } from './zone.ts'

const MINUTE = 60_000
const DAY = 86_400_000
/** The 29th of February is a given weekday every 40 years, if a year such as 2100 has none. */
const MOST_DAYS = 41 * 366

/**
 * The first instant strictly after one, or (`sign` -1) the last strictly before one; undefined when the pattern never comes.
 * A pattern that names hours means times on the wall: one in the spring gap comes right after the gap, a repeated one comes once, the first.
 * A pattern of every hour comes each hour that passes: in a gap there is none, and a repeated hour is two.
 */
export function findInstant(pattern: CronPattern, zone: Zone, from: number, sign: 1 | -1): number | undefined {
  const find = pattern.hours.length === 24 ? findPassing : sign === 1 ? findNextOnWall : findLastOnWall
  return find(pattern, zone, from, sign)
}

function findNextOnWall(pattern: CronPattern, zone: Zone, after: number): number | undefined {
  return stepUntil(pattern, zone, wallOf(zone, after), 1, (instant) => instant > after)
}

/** Where clocks were set back within a day, they had shown more than they show now. */
function findLastOnWall(pattern: CronPattern, zone: Zone, before: number): number | undefined {
  const latestWall = before + Math.max(offsetMs(zone, before), offsetMs(zone, before - DAY))
  return stepUntil(pattern, zone, latestWall, -1, (instant) => instant < before)
}

function stepUntil(
  pattern: CronPattern,
  zone: Zone,
  from: number,
  sign: 1 | -1,
  isWanted: (instant: number) => boolean,
): number | undefined {
  for (let wall = findWall(pattern, from, sign); wall !== undefined; wall = findWall(pattern, wall + sign, sign)) {
    const instant = instantOf(zone, wall)
    if (isWanted(instant)) return instant
  }
  return undefined
}

/** From one stretch of equal offset to the next; where the pattern is far away, straight to it. */
function findPassing(pattern: CronPattern, zone: Zone, from: number, sign: 1 | -1): number | undefined {
  for (let instant = from + sign; ; ) {
    const { from: start, until, offset } = stretchOf(zone, instant)
    const wall = findWall(pattern, instant + offset, sign)
    if (wall === undefined) return undefined
    const found = wall - offset
    if (found >= start && found < until) return found
    instant = sign === 1 ? Math.max(until, found - 2 * DAY) : Math.min(start - 1, found + 2 * DAY)
  }
}

/** The nearest time on the wall that the pattern names, from one on (itself too). */
function findWall(pattern: CronPattern, wall: number, sign: 1 | -1): number | undefined {
  let day = Math.floor(wall / DAY)
  let minute = (wall - day * DAY) / MINUTE
  for (let days = 0; days < MOST_DAYS; days++) {
    const date = new Date(day * DAY)
    const isMonth = pattern.months.includes(date.getUTCMonth() + 1)
    const found = isMonth && isDay(pattern, date) ? findMinute(pattern, minute, sign) : undefined
    if (found !== undefined) return day * DAY + found * MINUTE
    day = isMonth ? day + sign : besideMonth(date, sign)
    minute = sign === 1 ? 0 : DAY / MINUTE
  }
  return undefined
}

/** Day of month and day of week must both match, as in cron4j. */
function isDay({ days, weekdays }: CronPattern, date: Date): boolean {
  const day = date.getUTCDate()
  if (!weekdays.includes(date.getUTCDay())) return false
  return days.includes(day) || (days.includes(LAST_DAY) && new Date(date.getTime() + DAY).getUTCDate() === 1)
}

/** The first day of the next month, or the last of the one before. */
function besideMonth(date: Date, sign: 1 | -1): number {
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return (sign === 1 ? Date.UTC(year, month + 1, 1) : Date.UTC(year, month, 0)) / DAY
}

/** Minutes of the day, from one on (itself too). */
function findMinute({ hours, minutes }: CronPattern, from: number, sign: 1 | -1): number | undefined {
  const hour = Math.floor(from / 60)
  const isFit = (minute: number) => sign * (hour * 60 + minute - from) >= 0
  const within = hours.includes(hour) ? pick(minutes, sign, isFit) : undefined
  if (within !== undefined) return hour * 60 + within
  const other = pick(hours, sign, (one) => sign * (one - hour) > 0)
  return other === undefined ? undefined : other * 60 + (pick(minutes, sign, () => true) ?? 0)
}

const pick = (values: readonly number[], sign: 1 | -1, isFit: (value: number) => boolean) =>
  sign === 1 ? values.find(isFit) : values.findLast(isFit)
