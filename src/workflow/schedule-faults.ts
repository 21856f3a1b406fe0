import type { Json, JsonObject } from '../brand.ts'
import { printJson } from '../json.ts'
import { isNumber, readBoolean, readText } from './coerce.ts'
import { SCHEDULE_OPTIONS, SCHEDULE_TYPES } from './directives.ts'
import { readDuration } from './duration.ts'
import { inJavaOrder } from './java-order.ts'
import { isJsonObject, pickKeys } from './merge.ts'
import { allNear, didYouMean } from './nearest.ts'
import { ENOUGH_PROBLEMS } from './problem.ts'
import { quote } from './quote.ts'
import { readPlan, sayOptional } from './schedule-plan.ts'
import { MISSED, OVERLAPS, readEnvironments } from './schedule-policy.ts'
import type { Schedule } from './workflow.ts'

/** What is wrong, and at which key of `schedule:`. `key` is empty for the whole. */
export type ScheduleFault = {
  readonly key: string
  readonly message: string
  readonly hint: string
  /** The key is right, its value is wrong. */
  readonly isValue?: true
  /** Digdag's words, where it knows the fault. */
  readonly digdag?: string
  /** It is allowed. */
  readonly isOdd?: true
}

type Kind = Schedule['kind']

/** Null when `findScheduleFaults` finds any that is not only odd. */
export function readSchedule(config: Json, timezone: string): Schedule | null {
  if (!isJsonObject(config) || findScheduleFaults(config).some(({ isOdd }) => isOdd !== true)) return null
  const key = Object.keys(config).find((one) => one.endsWith('>')) ?? ''
  const kind = kindOf(key)
  if (kind === undefined) return null
  const options = Object.fromEntries(Object.entries(config).filter(([name, value]) => name !== key && value !== null))
  const at = config[key] ?? null
  return { kind, at: String(isNumber(at) ? Math.trunc(Number(at)) : at), timezone, options }
}

function kindOf(key: string): Kind | undefined {
  return KINDS.find((kind) => `${kind}>` === key)
}

/** All that is wrong with `schedule:`. Wordings are Digdag's where it has one. */
export function findScheduleFaults(config: Json): readonly ScheduleFault[] {
  if (!isJsonObject(config)) return [wholeFault(config)]
  const types = Object.keys(config).filter((key) => key.endsWith('>'))
  const unknown = Object.keys(config).filter((key) => !key.endsWith('>') && !SCHEDULE_OPTIONS.has(key))
  const [type = ''] = types
  const unused = unusedFaults(config, type, [...types.slice(1), ...unknown])
  const kind = kindOf(type)
  if (kind === undefined) return [typeFault(config, type), ...unused, ...optionFaults(config)]
  return [...unused, ...optionFaults(config), ...timeFaults(kind, config[type] ?? null)]
}

const EXAMPLE =
  'Write one of cron>, daily>, hourly>, weekly>, monthly>, minutes_interval>: for example daily>: 07:00:00.'

function wholeFault(config: Json): ScheduleFault {
  const shown = Array.isArray(config) ? `${printJson(config)} (array)` : `${printJson(config)} (${typeof config})`
  const digdag =
    config === null
      ? "Parameter 'schedule' is required but null"
      : `Expected [reference type, mapping] for key 'schedule' but got ${shown}`
  return { key: '', message: 'schedule must be a mapping', hint: EXAMPLE, digdag }
}

function typeFault(config: JsonObject, key: string): ScheduleFault {
  if (key === '') {
    const say = (shown: string) => `Schedule config requires 'type>: at' parameter: ${shown}`
    return { key, message: say(quote(config)), hint: EXAMPLE, digdag: say(printJson(config)) }
  }
  const type = key.slice(0, -1)
  const message = `Unknown scheduler type: ${type}`
  return { key, message, hint: didYouMean(type, SCHEDULE_TYPES, EXAMPLE), digdag: message }
}

function timeFaults(kind: Kind, at: Json): readonly ScheduleFault[] {
  const plan = readPlan(kind, at)
  const fault = { key: `${kind}>`, hint: HOW[kind], isValue: true } as const
  if (plan.ok) return plan.odd.map((message) => ({ ...fault, message, isOdd: true }))
  const { message, digdag } = plan
  return [{ ...fault, message, ...(digdag === undefined ? {} : { digdag }) }]
}

const HOW: Record<Kind, string> = {
  cron: 'Write five fields: minute hour day month weekday, for example cron>: 42 4 1 * *.',
  daily: 'Write the time on the wall, for example daily>: 07:00:00.',
  hourly: 'Write minutes and seconds past the hour, for example hourly>: 30:00.',
  weekly: 'Write a day and a time, for example weekly>: Sun,09:00:00.',
  monthly: 'Write a day and a time, for example monthly>: 1,09:00:00; the last day is cron>: "0 9 L * *".',
  minutes_interval: 'Write a whole number of minutes from 1 to 59, for example minutes_interval>: 30.',
  seconds_interval: 'Write a whole number of seconds, for example seconds_interval>: 30.',
}

const KINDS = Object.keys(HOW) as Kind[] // it has one line for each

function unusedFaults(config: JsonObject, type: string, keys: readonly string[]): readonly ScheduleFault[] {
  const otherwise = `A schedule has one type> and these options: ${[...SCHEDULE_OPTIONS].join(', ')}.`
  const told = keys.slice(0, ENOUGH_PROBLEMS)
  const digdag = inJavaOrder(told, Object.keys(config))
    .map((key) => sayUnused(key, type))
    .join('')
  return told.map((key) => {
    const message = `Parameter '${key}' is not used at schedule.`
    return { key, message, hint: didYouMean(key, SCHEDULE_OPTIONS, otherwise, 3), digdag }
  })
}

/** Digdag tells of all of them at once, and finds near what it has read. */
function sayUnused(key: string, type: string): string {
  const near = allNear(key, ['_type', type, 'skip_delayed_by', 'start', 'skip_on_overtime', 'end'])
  const hint = near.length > 0 ? `> Did you mean '[${near.join(', ')}]'?` : ''
  return `Parameter '${key}' is not used at schedule. ${hint}\n`
}

/** A key without a value is as good as none. */
function optionFaults(config: JsonObject): readonly ScheduleFault[] {
  const options = pickKeys(config, (key) => config[key] !== null)
  return [
    ...dayFaults(options),
    ...(options.skip_on_overtime === undefined ? [] : overtimeFaults(options.skip_on_overtime)),
    ...(options.skip_delayed_by === undefined ? [] : delayFaults(options.skip_delayed_by)),
    ...choiceFaults(options),
    ...overlapFaults(options),
    ...(options._environment === undefined ? [] : environmentFaults(options._environment)),
  ]
}

function dayFaults(options: JsonObject): readonly ScheduleFault[] {
  const faults = [dayFault('start', options.start), dayFault('end', options.end)].filter((fault) => fault !== undefined)
  if (faults.length > 0 || String(options.start ?? '') <= String(options.end ?? '9999')) return faults
  const message = 'The schedule of end is earlier than start'
  return [{ key: 'end', message, hint: 'Swap start and end.', isValue: true, digdag: message }]
}

function dayFault(key: string, value: Json | undefined): ScheduleFault | undefined {
  if (value === undefined) return undefined
  const hint = `Write the day as ${key}: 2026-01-31.`
  const text = readText(key, value)
  if (!text.ok) return { key, message: text.message, hint, isValue: true, digdag: sayOptional(text.message) }
  const isWritten = /^\d{4}-\d{2}-\d{2}$/.test(text.value)
  if (isWritten && isCalendarDay(text.value)) return undefined
  const reason = isWritten ? 'there is no such day' : 'it is not written as YYYY-MM-DD'
  const message = `Invalid ${key}: ${text.value} (${reason})`
  const digdag = `Invalid ${key}: ${text.value} (java.time.format.DateTimeParseException: ${reason})`
  return { key, message, hint, isValue: true, digdag }
}

function isCalendarDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`)
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(day)
}

/** Digdag finds these two only when a session is due, and puts the schedule off by an hour, again and again. */
function overtimeFaults(value: Json): readonly ScheduleFault[] {
  const overtime = readBoolean('skip_on_overtime', value)
  if (overtime.ok) return []
  return [{ key: 'skip_on_overtime', message: overtime.message, hint: 'Write true or false.', isValue: true }]
}

function delayFaults(value: Json): readonly ScheduleFault[] {
  if (readDuration(value) !== undefined) return []
  const message = `Invalid duration: ${quote(value)}`
  return [{ key: 'skip_delayed_by', message, hint: 'Write it as 30m or 1h 30m.', isValue: true }]
}

const CHOICES = new Map<string, readonly string[]>([
  ['_overlap', OVERLAPS],
  ['_missed', MISSED],
])

function choiceFaults(options: JsonObject): readonly ScheduleFault[] {
  return [...CHOICES].flatMap(([key, choices]) => {
    const value = options[key]
    if (value === undefined || (typeof value === 'string' && choices.includes(value))) return []
    const message = `${key}: ${quote(value)} is none of ${choices.join(', ')}`
    return [{ key, message, hint: didYouMean(String(value), choices, `Write ${key}: ${choices[0]}.`), isValue: true }]
  })
}

function overlapFaults({ skip_on_overtime, _overlap }: JsonObject): readonly ScheduleFault[] {
  const overtime = readBoolean('skip_on_overtime', skip_on_overtime ?? false)
  if (!overtime.ok || !overtime.value || _overlap === undefined || _overlap === 'forbid') return []
  const message = `skip_on_overtime: true and _overlap: ${String(_overlap)} say different things`
  return [{ key: '_overlap', message, hint: 'Remove one of them. _overlap: forbid says what skip_on_overtime does.' }]
}

function environmentFaults(value: Json): readonly ScheduleFault[] {
  if (readEnvironments(value) !== undefined) return []
  const message = `_environment: ${quote(value)} names no environment`
  const hint =
    'Write values of SLUICE_ENVIRONMENT, small letters, digits, - and _: _environment: production, or _environment: [production, staging].'
  return [{ key: '_environment', message, hint, isValue: true }]
}
