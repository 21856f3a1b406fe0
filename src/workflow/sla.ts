import type { Json, JsonObject } from '../brand.ts'
import type { Coerced } from './coerce.ts'
import { isJsonObject } from './merge.ts'
import { getZone, instantOf, wallOf } from './zone.ts'

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000]
/** PostgreSQL knows no instant for what lies much farther away. */
const MOST_MS = 36_525 * DAY_MS

/** When an attempt that runs from `runAt` on is late; null: never. `sla:` is looked at when an attempt starts, and not before (as in Digdag, whose words these are). */
export function readLateAt(config: JsonObject, runAt: Date, timezone: string): Coerced<Date | null> {
  const { sla } = config
  if (sla === undefined) return { ok: true, value: null }
  if (!isJsonObject(sla)) return { ok: false, message: "Parameter 'sla' must be an object" }
  const [time, duration] = [textOf(sla.time), textOf(sla.duration)]
  if ((time === undefined) === (duration === undefined))
    return { ok: false, message: "SLA must be specified using either the 'time' or 'duration' option" }
  const option = time === undefined ? 'duration' : 'time'
  const ms = readClock(time ?? duration ?? '')
  if (ms === undefined) {
    const format = `Optional.${time === undefined ? 'absent()' : `of(${time})`}`
    return { ok: false, message: `SLA ${option} option needs to be HH:MM or HH:MM:SS format: ${format}` }
  }
  if (Math.abs(ms) > MOST_MS)
    return { ok: false, message: `SLA ${option} option is more than a hundred years: ${time ?? duration}` }
  return { ok: true, value: time === undefined ? new Date(runAt.getTime() + ms) : nextAt(ms, runAt, timezone) }
}

const textOf = (value: Json | undefined) => (value === undefined || value === null ? undefined : String(value))

/** Any numbers: 25:00 is an hour into the next day, and -1:00 an hour ago. */
function readClock(text: string): number | undefined {
  const [, hours, minutes, seconds = '0'] = /^([-+]?\d+):([-+]?\d+)(?::([-+]?\d+))?$/.exec(text) ?? []
  if (hours === undefined) return undefined
  return Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1000
}

/** On the wall of the zone; a day later when it has been. */
function nextAt(ms: number, runAt: Date, timezone: string): Date {
  const zone = getZone(timezone)
  const midnight = Math.floor(wallOf(zone, runAt.getTime()) / DAY_MS) * DAY_MS
  const at = instantOf(zone, midnight + ms)
  return new Date(at < runAt.getTime() ? instantOf(zone, midnight + DAY_MS + ms) : at)
}
