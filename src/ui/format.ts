const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const two = (number: number) => String(Math.floor(number)).padStart(2, '0')

/** `0.4 s`, `18 s`, `1m 08s`, `2h 05m`, `3d 4h`. */
export function sayDuration(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < 9_950) return `${(whole / SECOND).toFixed(1)} s`
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)} s`
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m ${two((whole % MINUTE) / SECOND)}s`
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h ${two((whole % HOUR) / MINUTE)}m`
  return `${Math.floor(whole / DAY)}d ${Math.floor((whole % DAY) / HOUR)}h`
}

/** A span in its largest unit: `8 s`, `6 min`, `3 h`, `2 days`. */
export function saySpan(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)} s`
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h`
  const days = Math.floor(whole / DAY)
  return days === 1 ? '1 day' : `${days} days`
}

export const sayAgo = (at: Date, now: Date): string => `${saySpan(now.getTime() - at.getTime())} ago`
export const sayIn = (at: Date, now: Date): string =>
  at.getTime() <= now.getTime() ? 'now' : `in ${saySpan(at.getTime() - now.getTime())}`

/** Thousands apart, so that long numbers can be read. */
export const sayCount = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')

export const countOf = (count: number, one: string, many = `${one}s`): string =>
  `${sayCount(count)} ${count === 1 ? one : many}`

export function sayBytes(bytes: number): string {
  if (bytes < 1024) return countOf(bytes, 'byte')
  const units = ['KB', 'MB', 'GB']
  const step = Math.min(units.length, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** step).toFixed(1)} ${units[step - 1]}`
}

type Shape = Intl.DateTimeFormatOptions
const SHAPES = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  weekday: { weekday: 'short' },
  date: { day: 'numeric', month: 'short' },
  dateYear: { day: 'numeric', month: 'short', year: 'numeric' },
  zone: { timeZoneName: 'short' },
} as const satisfies Record<string, Shape>

/** Making a formatter costs more than a page: each is made once. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function inShape(at: Date, zone: string, shape: keyof typeof SHAPES): string {
  const key = `${shape} ${zone}`
  const known = formatters.get(key) ?? new Intl.DateTimeFormat('en-GB', { ...SHAPES[shape], timeZone: zone })
  formatters.set(key, known)
  if (shape === 'zone') return known.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? zone
  return known.format(at)
}

export const clock = (at: Date, zone: string): string => inShape(at, zone, 'clock')
export const clockSeconds = (at: Date, zone: string): string => inShape(at, zone, 'seconds')
export const dateOf = (at: Date, zone: string): string => inShape(at, zone, 'date')

/** `06:14` today, `Fri 17:52` within the week, `4 Mar 09:41` else. */
export function sayWhen(at: Date, { now, zone }: { now: Date; zone: string }): string {
  if (inShape(at, zone, 'dateYear') === inShape(now, zone, 'dateYear')) return clock(at, zone)
  const isNear = Math.abs(at.getTime() - now.getTime()) < 6 * DAY
  return `${inShape(at, zone, isNear ? 'weekday' : 'date')} ${clock(at, zone)}`
}

/** `28 Mar 2026, 06:14:08 CET`: what stands on hover. */
export const sayExactly = (at: Date, zone: string): string =>
  `${inShape(at, zone, 'dateYear')}, ${clockSeconds(at, zone)} ${inShape(at, zone, 'zone')}`

/** `28 Mar 2026, 00:00 CET`. */
export const saySession = (at: Date, zone: string): string =>
  `${inShape(at, zone, 'dateYear')}, ${clock(at, zone)} ${inShape(at, zone, 'zone')}`

/** `Sat 28 Mar, 06:14 CET`: the clock in the bar. */
export const sayNow = (now: Date, zone: string): string =>
  `${inShape(now, zone, 'weekday')} ${dateOf(now, zone)}, ${clock(now, zone)} ${inShape(now, zone, 'zone')}`

export const shortCommit = (commit: string): string => commit.slice(0, 7)
