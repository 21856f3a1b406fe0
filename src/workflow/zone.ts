/** A time zone with the offset rules of IANA, or a fixed offset. `id` is as Java writes it: `Asia/Tokyo`, `UTC+03:00`. */
export type Zone = { readonly id: string; readonly fixedMinutes: number | null }

const MINUTE = 60_000
const DAY = 86_400_000

/** Zones by name: looking one up means to go through all of them, and each session asks for its own several times. */
const named = new Map<string, Zone>()

/** Undefined when no such zone exists. Names are written exactly: `asia/tokyo` is none (as in Digdag). */
export function readZone(text: string): Zone | undefined {
  const known = readOffset(text) ?? named.get(text)
  if (known !== undefined) return known
  const formatter = /^[A-Za-z]/.test(text) ? openFormatter(text) : undefined
  if (formatter === undefined || isMisspelt(text)) return undefined
  const zone = { id: text, fixedMinutes: null }
  named.set(text, zone)
  return zone
}

export function zoneNames(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')]
}

const OFFSET = /^(UTC|GMT|UT)?([+-])(\d{1,2})(?::?([0-5]\d))?$/

function readOffset(text: string): Zone | undefined {
  if (/^(Z|UTC|GMT|UT)$/.test(text)) return { id: text, fixedMinutes: 0 }
  const match = OFFSET.exec(text)
  if (match === null) return undefined
  const [, prefix = '', sign = '+', hours = '0', minutes = '00'] = match
  const total = Number(hours) * 60 + Number(minutes)
  if (total > 18 * 60) return undefined
  const id = total === 0 ? prefix || 'Z' : `${prefix}${sign}${hours.padStart(2, '0')}:${minutes}`
  return { id, fixedMinutes: sign === '-' ? -total : total }
}

function isMisspelt(text: string): boolean {
  return zoneNames().some((name) => name !== text && name.toLowerCase() === text.toLowerCase())
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function openFormatter(id: string): Intl.DateTimeFormat | undefined {
  const known = formatters.get(id)
  if (known !== undefined) return known
  const opened = tryFormatter(id)
  if (opened !== undefined) formatters.set(id, opened)
  return opened
}

/** Intl has no other way to ask whether a zone exists. */
function tryFormatter(timeZone: string): Intl.DateTimeFormat | undefined {
  const digits = { year: 'numeric', month: 'numeric', day: 'numeric' } as const
  const clock = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, era: 'short', ...digits, ...clock })
  } catch {
    return undefined
  }
}

/** What the zone's clocks show at an instant, written as milliseconds since 1970 as if it were UTC. */
export function wallOf(zone: Zone, instantMs: number): number {
  return instantMs + offsetMs(zone, instantMs)
}

/** East of Greenwich is positive. */
export function offsetMs(zone: Zone, instantMs: number): number {
  if (zone.fixedMinutes !== null) return zone.fixedMinutes * MINUTE
  const formatter = openFormatter(zone.id)
  if (formatter === undefined || !Number.isFinite(instantMs)) return 0
  const seconds = Math.floor(instantMs / 1000) * 1000
  return readParts(formatter.formatToParts(seconds)) - seconds
}

function readParts(parts: readonly Intl.DateTimeFormatPart[]): number {
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '0'
  const year = part('era').startsWith('B') ? 1 - Number(part('year')) : Number(part('year'))
  const wall = new Date(0)
  wall.setUTCFullYear(year, Number(part('month')) - 1, Number(part('day')))
  return wall.setUTCHours(Number(part('hour')), Number(part('minute')), Number(part('second')))
}

/** When the clocks show `wallMs`: the first time if they do so twice; the first instant after the gap if they never do. */
export function instantOf(zone: Zone, wallMs: number): number {
  const offsets = [offsetMs(zone, wallMs - DAY), offsetMs(zone, wallMs + DAY)]
  const candidates = offsets.map((offset) => wallMs - offset)
  const shown = candidates.filter((instant) => wallOf(zone, instant) === wallMs)
  return shown.length > 0 ? Math.min(...shown) : endOfGap(zone, Math.min(...candidates), wallMs)
}

/** As `instantOf`, with JavaScript's rule for the gap: 02:30 is 03:30. */
export function scriptInstantOf(zone: Zone, wallMs: number): number {
  const candidates = [wallMs - offsetMs(zone, wallMs - DAY), wallMs - offsetMs(zone, wallMs + DAY)]
  const shown = candidates.filter((instant) => wallOf(zone, instant) === wallMs)
  return shown.length > 0 ? Math.min(...shown) : Math.max(...candidates)
}

/** Before the gap the clocks show less than `wallMs`, after it more: the first instant at which they show more. */
function endOfGap(zone: Zone, from: number, wallMs: number): number {
  let [before, after] = [from - DAY, from + DAY]
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000
    if (wallOf(zone, middle) < wallMs) before = middle
    else after = middle
  }
  return after
}

/** `+09:00`, `-0800` with an empty separator. */
export function formatOffset(zone: Zone, instantMs: number, separator: ':' | ''): string {
  const minutes = Math.trunc(offsetMs(zone, instantMs) / MINUTE)
  const digits = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${digits(Math.abs(minutes) / 60)}${separator}${digits(Math.abs(minutes) % 60)}`
}

/** `2016-01-30T00:00:00-08:00`: always with a numeric offset, whole seconds. */
export function formatInZone(zone: Zone, instantMs: number): string {
  return `${new Date(wallOf(zone, instantMs)).toISOString().slice(0, 19)}${formatOffset(zone, instantMs, ':')}`
}
