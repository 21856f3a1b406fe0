import { ZONE_NAMES } from './zone-names.ts'
import { findStretch, openOffsets, type Stretch } from './zone-offsets.ts'

/** A time zone with the offset rules of IANA, or a fixed offset. `id` is as Java writes it: `Asia/Tokyo`, `UTC+03:00`. */
export type Zone = { readonly id: string; readonly fixedMs: number | null }

export const UTC: Zone = { id: 'UTC', fixedMs: 0 }

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Undefined when no such zone exists. Names are written exactly: `asia/tokyo` is none. What Java's `ZoneId.of` takes, as in Digdag. */
export function readZone(text: string): Zone | undefined {
  const name = text.trim()
  const fixed = readFixed(name)
  if (fixed !== undefined) return fixed
  return ZONE_NAMES.has(name) && openOffsets(name) !== undefined ? { id: name, fixedMs: null } : undefined
}

/** The zone of what was checked before. */
export function getZone(id: string): Zone {
  const zone = readZone(id)
  if (zone === undefined) throw new Error(`the zone ${id} was never checked`)
  return zone
}

const FIXED = /^(UTC|GMT|UT)?([+-])(\d|\d\d|\d{4}|\d\d:\d\d|\d{6}|\d\d:\d\d:\d\d)$/

function readFixed(text: string): Zone | undefined {
  if (/^(Z|UTC|GMT|UT)$/.test(text)) return { id: text, fixedMs: 0 }
  const [, prefix = '', sign = '+', written] = FIXED.exec(text) ?? []
  if (written === undefined) return undefined
  const digits = written.replaceAll(':', '').padStart(2, '0').padEnd(6, '0')
  const [hours = '', minutes = '', seconds = ''] = digits.match(/\d\d/g) ?? []
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  if (minutes > '59' || seconds > '59' || ms > 18 * HOUR) return undefined
  if (ms === 0) return { id: prefix || 'Z', fixedMs: 0 }
  const id = `${prefix}${sign}${hours}:${minutes}${seconds === '00' ? '' : `:${seconds}`}`
  return { id, fixedMs: sign === '-' ? -ms : ms }
}

/** What the zone's clocks show at an instant, written as milliseconds since 1970 as if it were UTC. */
export function wallOf(zone: Zone, instantMs: number): number {
  return instantMs + offsetMs(zone, instantMs)
}

/** East of Greenwich is positive. */
export function offsetMs(zone: Zone, instantMs: number): number {
  return stretchOf(zone, instantMs).offset
}

/** The time around an instant in which the zone's clocks are not changed. */
export function stretchOf({ id, fixedMs }: Zone, instantMs: number): Stretch {
  const offsets = fixedMs === null && Number.isFinite(instantMs) ? openOffsets(id) : undefined
  if (offsets !== undefined) return findStretch(offsets, instantMs)
  return { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY, offset: fixedMs ?? 0 }
}

/** When the clocks show `wallMs`: the first time if they do so twice; the first instant after the gap if they never do. */
export function instantOf(zone: Zone, wallMs: number): number {
  const candidates = [wallMs - offsetMs(zone, wallMs - DAY), wallMs - offsetMs(zone, wallMs + DAY)]
  const shown = candidates.filter((instant) => wallOf(zone, instant) === wallMs)
  return shown.length > 0 ? Math.min(...shown) : endOfGap(zone, Math.min(...candidates), wallMs)
}

/** Before the gap the clocks show less than `wallMs`, from its end on more. */
function endOfGap(zone: Zone, from: number, wallMs: number): number {
  let stretch = stretchOf(zone, from - DAY)
  while (stretch.until + stretch.offset <= wallMs) stretch = stretchOf(zone, stretch.until)
  return stretch.from
}

/** `+09:00`, `-0800` with an empty separator. */
export function formatOffset(zone: Zone, instantMs: number, separator: ':' | ''): string {
  const minutes = Math.trunc(offsetMs(zone, instantMs) / 60_000)
  const digits = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${digits(Math.abs(minutes) / 60)}${separator}${digits(Math.abs(minutes) % 60)}`
}

/** `2016-01-30T00:00:00-08:00`: always with a numeric offset, whole seconds. */
export function formatInZone(zone: Zone, instantMs: number): string {
  return `${new Date(wallOf(zone, instantMs)).toISOString().slice(0, 19)}${formatOffset(zone, instantMs, ':')}`
}
