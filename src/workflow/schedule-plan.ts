import type { Json } from '../brand.ts'
import { readInteger, readText } from './coerce.ts'
import { type CronPattern, readCron } from './cron-pattern.ts'
import type { Schedule } from './workflow.ts'

/** When sessions are, and how long after its session a run begins (as in Digdag). A run before its session has a negative delay. */
export type SchedulePlan =
  | {
      readonly kind: 'cron'
      readonly patterns: readonly CronPattern[]
      readonly delaySeconds: number
      /** The delay is a time of the session's day, not time that passes. */
      readonly isTimeOfDay: boolean
    }
  /** Every so many seconds since 1970. */
  | { readonly kind: 'interval'; readonly seconds: number }

/** `odd` are sentences on what is allowed and hardly meant; `digdag` are Digdag's words, where it knows the fault. */
export type ReadPlan =
  | { readonly ok: true; readonly plan: SchedulePlan; readonly odd: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly digdag?: string }

type Kind = Schedule['kind']

/** What stands after `daily>:`. */
export function readPlan(kind: Kind, at: Json): ReadPlan {
  if (at === null) return digdags(`Parameter '${kind}>' is required but null`)
  if (kind === 'minutes_interval' || kind === 'seconds_interval') return readInterval(kind, at)
  const text = readText('_command', at)
  if (text.ok) return TIMES[kind](text.value)
  const { message } = text
  return { ok: false, message, digdag: kind === 'cron' ? message : sayOptional(message) }
}

/** Where Digdag could do without a text, it names a class of Java instead; which one is nobody's business. */
export const sayOptional = (message: string) => message.replace('string type', '[reference type, text]')

const digdags = (message: string): ReadPlan => ({ ok: false, message, digdag: message })
const ours = (message: string): ReadPlan => ({ ok: false, message })

const TIMES: Record<Exclude<Kind, 'minutes_interval' | 'seconds_interval'>, (at: string) => ReadPlan> = {
  cron: (at) => planCron(at, 0, false),
  hourly: readHourly,
  daily: readDaily,
  weekly: readWeekly,
  monthly: readMonthly,
}

function planCron(cron: string, delaySeconds: number, isTimeOfDay: boolean): ReadPlan {
  const read = readCron(cron)
  if (!read.ok) return ours(isTimeOfDay ? read.why : read.message)
  return { ok: true, plan: { kind: 'cron', patterns: read.patterns, delaySeconds, isTimeOfDay }, odd: read.odd }
}

const MOST_INTEGER = 2 ** 31 - 1

function readInterval(kind: 'minutes_interval' | 'seconds_interval', at: Json): ReadPlan {
  const number = readInteger('_command', at)
  if (!number.ok) return digdags(number.message)
  const { value } = number
  if (value > MOST_INTEGER) return digdags(`Expected integer (int) type for key '_command' but got ${at} (number)`)
  if (value < 1) return ours(`${kind}>: ${value} is no number from 1 on`)
  if (kind === 'seconds_interval') return { ok: true, plan: { kind: 'interval', seconds: value }, odd: [] }
  const planned = planCron(`*/${value} * * * *`, 0, false)
  if (!planned.ok || value <= 60) return planned
  const odd = [`minutes_interval>: ${value} comes every hour, at its beginning: minutes are counted anew in each hour`]
  return { ...planned, odd }
}

function readHourly(at: string): ReadPlan {
  const seconds = readClock(at, 2)
  if (seconds === undefined) return digdags(`hourly>: scheduler requires mm:ss format: ${at}`)
  return typeof seconds === 'string' ? ours(seconds) : planCron('0 * * * *', seconds, false)
}

function readDaily(at: string): ReadPlan {
  return planDays('daily', '0 0 * * *', at)
}

/** The day may be all that the last field of a cron pattern may be: `Mon-Fri`. */
function readWeekly(at: string): ReadPlan {
  const [day, time] = splitDay(at).map((part) => part.trim())
  const misfit = digdags(`weekly>: scheduler requires day,hh:mm:ss format: ${at}`)
  if (day === undefined || time === undefined) return misfit
  if (/^-\d+$/.test(day)) return digdags(`weekly>: invalid day: ${day}`)
  const planned = planDays('weekly', `0 0 * * ${day}`, time)
  return planned.ok || planned.digdag !== undefined ? planned : misfit
}

function readMonthly(at: string): ReadPlan {
  const [day, time] = splitDay(at)
  if (day === undefined || time === undefined || !/^[-+]?\d+$/.test(day))
    return digdags(`monthly>: scheduler requires day,hh:mm:ss format: ${at}`)
  return planDays('monthly', `0 0 ${day} * *`, time)
}

function splitDay(at: string): readonly string[] {
  const comma = at.indexOf(',')
  return comma < 0 ? [at] : [at.slice(0, comma), at.slice(comma + 1)]
}

function planDays(kind: Kind, cron: string, time: string): ReadPlan {
  const seconds = readClock(time, 3)
  if (seconds === undefined) return digdags(`${kind}> scheduler requires hh:mm:ss format: ${time}`)
  return typeof seconds === 'string' ? ours(seconds) : planCron(cron, seconds, true)
}

/** A run further from its session than this is a slip of the pen. */
const MOST_DELAY = 366 * 86_400

/** Two parts are minutes and seconds, three begin with hours. Each may be any number, as in Digdag: `25:61:99` is tomorrow, and colons at the end do not count. */
function readClock(text: string, parts: 2 | 3): number | string | undefined {
  const numbers = text.split(':')
  while (numbers.at(-1) === '') numbers.pop()
  if (numbers.length !== parts || !numbers.every((one) => /^[-+]?\d{1,9}$/.test(one))) return undefined
  const seconds = numbers.reduce((total, one) => total * 60 + Number(one), 0)
  return Math.abs(seconds) <= MOST_DELAY ? seconds : `${text} is more than a year`
}
