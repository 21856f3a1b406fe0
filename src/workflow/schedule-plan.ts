import type { Json, JsonObject } from '../brand.ts'
import { readBoolean } from './coerce.ts'
import { findCronFault } from './cron.ts'
import { SCHEDULE_OPTIONS, SCHEDULE_TYPES } from './directives.ts'
import { isJsonObject } from './merge.ts'
import { didYouMean } from './nearest.ts'
import type { Schedule } from './workflow.ts'

/** A schedule as a cron pattern of its sessions, and how long after its session a run begins (as in Digdag). */
export type SchedulePlan = { readonly cron: string; readonly delaySeconds: number; readonly isTimeOfDay: boolean }

/** What is wrong, and at which key of `schedule:`. `key` is empty for the whole. */
export type ScheduleFault = {
  readonly key: string
  readonly message: string
  readonly hint: string
  /** The key is right, its value is wrong. */
  readonly isValue?: true
}

type Kind = Schedule['kind']

/** Null when `findScheduleFaults` finds any. */
export function readSchedule(config: Json, timezone: string): Schedule | null {
  if (!isJsonObject(config) || findScheduleFaults(config).length > 0) return null
  const key = Object.keys(config).find((one) => one.endsWith('>')) ?? ''
  const kind = kindOf(key)
  if (kind === undefined) return null
  const options = Object.fromEntries(Object.entries(config).filter(([name]) => name !== key))
  return { kind, at: String(config[key]), timezone, options }
}

function kindOf(key: string): Kind | undefined {
  const kinds: readonly Kind[] = ['cron', 'daily', 'hourly', 'weekly', 'monthly', 'minutes_interval']
  return kinds.find((kind) => `${kind}>` === key)
}

/** All that is wrong with `schedule:`. Wordings are Digdag's where it has one. */
export function findScheduleFaults(config: Json): readonly ScheduleFault[] {
  if (!isJsonObject(config)) return [{ key: '', message: 'schedule must be a mapping', hint: EXAMPLE }]
  const types = Object.keys(config).filter((key) => key.endsWith('>'))
  const unknown = Object.keys(config).filter((key) => !key.endsWith('>') && !SCHEDULE_OPTIONS.has(key))
  return [
    ...typeFaults(config, types),
    ...types.slice(1).map((key) => unusedKey(key)),
    ...unknown.map((key) => unusedKey(key)),
    ...optionFaults(config),
  ]
}

const EXAMPLE =
  'Write one of cron>, daily>, hourly>, weekly>, monthly>, minutes_interval>: for example daily>: 07:00:00.'

function typeFaults(config: JsonObject, [key]: readonly string[]): readonly ScheduleFault[] {
  if (key === undefined)
    return [
      { key: '', message: `Schedule config requires 'type>: at' parameter: ${JSON.stringify(config)}`, hint: EXAMPLE },
    ]
  const kind = kindOf(key)
  if (kind === undefined)
    return [
      {
        key,
        message: `Unknown scheduler type: ${key.slice(0, -1)}`,
        hint: didYouMean(key.slice(0, -1), SCHEDULE_TYPES, EXAMPLE),
      },
    ]
  const value = config[key] ?? null
  if (typeof value !== 'string' && typeof value !== 'number')
    return [{ key, message: `Parameter '_command' is required but not set: ${key} needs a time`, hint: HOW[kind] }]
  const plan = readPlan(kind, String(value))
  return typeof plan === 'string' ? [{ key, message: plan, hint: HOW[kind], isValue: true }] : []
}

const HOW: Record<Kind, string> = {
  cron: 'Write five fields: minute hour day month weekday, for example cron>: 42 4 1 * *.',
  daily: 'Write the time on the wall, for example daily>: 07:00:00.',
  hourly: 'Write minutes and seconds past the hour, for example hourly>: 30:00.',
  weekly: 'Write a day and a time, for example weekly>: Sun,09:00:00.',
  monthly: 'Write a day and a time, for example monthly>: 1,09:00:00.',
  minutes_interval: 'Write a whole number of minutes from 1 to 59, for example minutes_interval>: 30.',
}

function unusedKey(key: string): ScheduleFault {
  const otherwise = `A schedule has one type> and these options: ${[...SCHEDULE_OPTIONS].join(', ')}.`
  return {
    key,
    message: `Parameter '${key}' is not used at schedule.`,
    hint: didYouMean(key, SCHEDULE_OPTIONS, otherwise, 3),
  }
}

/** A text says what is wrong. */
export function readPlan(kind: Kind, at: string): SchedulePlan | string {
  if (kind === 'cron') return findCronFault(at) ?? { cron: at, delaySeconds: 0, isTimeOfDay: false }
  if (kind === 'minutes_interval') return readMinutes(at)
  if (kind === 'hourly') return readHourly(at)
  if (kind === 'daily') return readDaily(at)
  return kind === 'weekly' ? readWeekly(at) : readMonthly(at)
}

function readMinutes(at: string): SchedulePlan | string {
  if (!/^\d+$/.test(at)) return `Expected integer (int) type for key '_command' but got ${JSON.stringify(at)} (string)`
  const minutes = Number(at)
  if (minutes < 1 || minutes > 59) return `minutes_interval>: ${at} is not between 1 and 59`
  return { cron: `*/${minutes} * * * *`, delaySeconds: 0, isTimeOfDay: false }
}

function readHourly(at: string): SchedulePlan | string {
  const seconds = readClock(at, 2)
  if (seconds === undefined) return `hourly>: scheduler requires mm:ss format: ${at}`
  return { cron: '0 * * * *', delaySeconds: seconds, isTimeOfDay: false }
}

function readDaily(at: string): SchedulePlan | string {
  const seconds = readClock(at, 3)
  if (seconds === undefined) return `daily> scheduler requires hh:mm:ss format: ${at}`
  return { cron: '0 0 * * *', delaySeconds: seconds, isTimeOfDay: true }
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

function readWeekly(at: string): SchedulePlan | string {
  const [day = '', ...times] = at.split(',')
  const named = WEEKDAYS.indexOf(day.trim().toLowerCase())
  const weekday = named >= 0 ? named : /^[0-7]$/.test(day.trim()) ? Number(day) % 7 : undefined
  const seconds = readClock(times.join(',').trim(), 3)
  if (weekday === undefined || seconds === undefined) return `weekly>: scheduler requires day,hh:mm:ss format: ${at}`
  return { cron: `0 0 * * ${weekday}`, delaySeconds: seconds, isTimeOfDay: true }
}

function readMonthly(at: string): SchedulePlan | string {
  const [day = '', ...times] = at.split(',')
  const seconds = readClock(times.join(',').trim(), 3)
  const isDay = /^\d{1,2}$/.test(day.trim()) && Number(day) >= 1 && Number(day) <= 31
  if (!isDay || seconds === undefined) return `monthly>: scheduler requires day,hh:mm:ss format: ${at}`
  return { cron: `0 0 ${Number(day)} * *`, delaySeconds: seconds, isTimeOfDay: true }
}

/** Two parts are minutes and seconds, three begin with hours. Ranges are open, as in Digdag: `25:61:99` is tomorrow. */
function readClock(text: string, parts: 2 | 3): number | undefined {
  const numbers = text.split(':')
  if (numbers.length !== parts || !numbers.every((one) => /^\d{1,3}$/.test(one))) return undefined
  return numbers.reduce((total, one) => total * 60 + Number(one), 0)
}

function optionFaults(config: JsonObject): readonly ScheduleFault[] {
  const days = [dayFault('start', config.start), dayFault('end', config.end)].filter((fault) => fault !== undefined)
  const faults = [...days, ...choiceFaults(config)]
  const overtime =
    config.skip_on_overtime === undefined ? undefined : readBoolean('skip_on_overtime', config.skip_on_overtime)
  if (overtime !== undefined && !overtime.ok)
    faults.push({ key: 'skip_on_overtime', message: overtime.message, hint: 'Write true or false.' })
  if (config.skip_delayed_by !== undefined && readDuration(config.skip_delayed_by) === undefined)
    faults.push({
      key: 'skip_delayed_by',
      message: `Invalid duration: ${JSON.stringify(config.skip_delayed_by)}`,
      hint: 'Write it as 30m or 1h 30m.',
    })
  if (days.length === 0 && String(config.start ?? '') > String(config.end ?? '9999'))
    faults.push({ key: 'end', message: 'The schedule of end is earlier than start', hint: 'Swap start and end.' })
  return faults
}

function dayFault(key: string, value: Json | undefined): ScheduleFault | undefined {
  if (value === undefined) return undefined
  const isDay = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)
  if (isDay && isCalendarDay(value)) return undefined
  const reason = isDay ? 'there is no such day' : 'it is not written as YYYY-MM-DD'
  return { key, message: `Invalid ${key}: ${String(value)} (${reason})`, hint: `Write the day as ${key}: 2026-01-31.` }
}

function isCalendarDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`)
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(day)
}

const CHOICES: ReadonlyMap<string, readonly string[]> = new Map([
  ['_overlap', ['allow', 'forbid', 'replace', 'queue']],
  ['_missed', ['all', 'last', 'none', 'ask']],
])

function choiceFaults(config: JsonObject): ScheduleFault[] {
  return [...CHOICES].flatMap(([key, choices]) => {
    const value = config[key]
    if (value === undefined || choices.includes(String(value))) return []
    const message = `${key}: ${JSON.stringify(value)} is none of ${choices.join(', ')}`
    return [{ key, message, hint: didYouMean(String(value), choices, `Write ${key}: ${choices[0]}.`) }]
  })
}

const DURATION = /^\s*(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m)?\s*(?:(\d+)\s*s)?\s*$/i

/** `1h 30m` in seconds; days, hours, minutes, seconds in this order. */
export function readDuration(value: Json): number | undefined {
  const match = typeof value === 'string' && /\d/.test(value) ? DURATION.exec(value) : null
  if (match === null) return undefined
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0))
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)
}
