import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { firstDue, nextDue, previousDue, readSchedule } from '../../src/workflow/schedule.ts'
import type { Due } from '../../src/workflow/workflow.ts'
import { getZone, instantOf, offsetMs, readZone } from '../../src/workflow/zone.ts'
import { ZONE_NAMES } from '../../src/workflow/zone-names.ts'
import { isLong, PROPERTY_MS } from '../support/properties.ts'
import { ALIKE, changesOf, instantShowing, type Span, TABLE } from './zone-table.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Known = { readonly name: string; readonly spans: readonly Span[] }
const all: readonly Known[] = ALIKE.flatMap(({ names, spans }) => names.map((name) => ({ name, spans }))).filter(
  ({ name }) => ZONE_NAMES.has(name),
)

const offsetAt = (spans: readonly Span[], at: number) => spans.find(({ until }) => at < until)?.offset
const iso = (at: number | undefined) => (at === undefined ? 'never' : `${new Date(at).toISOString().slice(0, 19)}Z`)

const SAMPLE = 20 * DAY // no zone keeps a change for less
const samples = Array.from(
  { length: Math.floor((TABLE.end - TABLE.begin) / SAMPLE) },
  (_, n) => TABLE.begin + n * SAMPLE,
)

/** Node's tables may be older than the oracle's: the first instant seen for which they say something else. They are asked in another way than the product does. */
function findNewer({ name, spans }: Known): number | undefined {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: name, dateStyle: 'short', timeStyle: 'medium' })
  const offset = (at: number) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) - at
  const bounds = spans.flatMap(({ from, until }) => [from, until - 1000])
  return [...bounds, ...samples].sort((one, other) => one - other).find((at) => offset(at) !== offsetAt(spans, at))
}

const newer = new Map(all.map((zone) => [zone.name, findNewer(zone)] as const).filter(([, at]) => at !== undefined))
const agreed = all.filter(({ name }) => !newer.has(name))
/** One of those that change alike, when they change at all; all of them with --long. */
const chosen = isLong ? agreed : agreed.filter(({ spans }, n) => isFirst(spans, n) && (spans.length > 1 || n === 0))
function isFirst(spans: readonly Span[], n: number): boolean {
  return agreed.findIndex((one) => one.spans === spans) === n
}

/** What is wrong with each, all at once. */
function faultsOf(zones: readonly Known[], find: (zone: Known) => readonly string[]): readonly string[] {
  return zones.flatMap((zone) => find(zone).map((fault) => `${zone.name}: ${fault}`)).slice(0, 20)
}

describe('every time zone', () => {
  it('of IANA has a name here, but for those that mean several things', () => {
    const unknown = ALIKE.flatMap(({ names }) => names).filter((name) => readZone(name) === undefined)
    expect(unknown.sort()).toEqual(['EST', 'Factory', 'HST', 'MST', 'ROC'])
  })

  it('is reported', () => {
    const changes = agreed.reduce((sum, { spans }) => sum + spans.length - 1, 0)
    const rules = [...newer].map(([name, at]) => `  ${name}, seen at ${iso(at)}`)
    const none = 'no rule is newer than Node'
    const some = `${rules.length} zones have rules newer than Node's; no other test looks at them:`
    console.log(
      [
        `${agreed.length} of ${all.length} zones, ${changes} changes of clocks from ${iso(TABLE.begin)} to ${iso(TABLE.end)}, ${chosen.length} in schedules`,
        `oracle: Python's zoneinfo with tzdata ${TABLE.version}; Node has tzdata ${process.versions.tz}`,
        ...(rules.length === 0 ? [none] : [some, ...rules]),
      ].join('\n'),
    )
    expect(changes).toBeGreaterThan(6000)
    expect(rules.length).toBeLessThan(process.versions.tz === TABLE.version ? 1 : all.length / 20)
  })

  it('has the offsets of the table, before and from each change on', () => {
    const faults = faultsOf(agreed, ({ name, spans }) => {
      const zone = getZone(name)
      return spans
        .flatMap(({ from, until }) => [from, from + 1000, (from + until) / 2, until - 1000, until - 1])
        .filter((at) => offsetMs(zone, at) !== offsetAt(spans, at))
        .map((at) => `${iso(at)} ${offsetMs(zone, at)}`)
    })
    expect(faults).toEqual([])
  })

  it('shows a repeated time first at the first, and one of the gap right after it', () => {
    const faults = faultsOf(agreed, ({ name, spans }) => {
      const zone = getZone(name)
      const walls = changesOf(spans).flatMap(({ wallBefore, wallAfter }) => {
        const [low, high] = [Math.min(wallBefore, wallAfter), Math.max(wallBefore, wallAfter)]
        return [low - DAY, low - 1000, low, low + 1000, (low + high) / 2, high - 1000, high, high + 1000, high + DAY]
      })
      return walls
        .filter((wall) => wall > TABLE.begin + DAY && instantOf(zone, wall) !== instantShowing(spans, wall))
        .map((wall) => `${iso(wall)} is ${iso(instantOf(zone, wall))}`)
    })
    expect(faults).toEqual([])
  })
})

/** The first two days and the last two are left out: what happens before and after the table it does not say. */
const [FROM, UNTIL] = [TABLE.begin + 2 * DAY, TABLE.end - 2 * DAY]
const days = Array.from({ length: (TABLE.end - TABLE.begin) / DAY }, (_, day) => TABLE.begin + day * DAY)

function getSchedule(config: JsonObject, name: string) {
  const schedule = readSchedule(config, name)
  if (schedule === null) throw new Error(JSON.stringify(config))
  return schedule
}

function duesOf(config: JsonObject, name: string, from = FROM, until = UNTIL): readonly Due[] {
  const schedule = getSchedule(config, name)
  const dues: Due[] = []
  for (let due = firstDue(schedule, new Date(from)); due !== null; due = nextDue(schedule, due.sessionTime)) {
    if (due.runAt.getTime() >= until) break
    dues.push(due)
  }
  return dues
}

/** Each that should be and is not, and the other way round. */
function compare(found: readonly number[], wanted: readonly number[]): readonly string[] {
  const [has, wants] = [new Set(found), new Set(wanted)]
  const late = found.filter((at, n) => n > 0 && at <= (found[n - 1] ?? 0))
  const missing = [...wants].filter((at) => at >= FROM && at < UNTIL && !has.has(at))
  return [
    ...late.map((at) => `${iso(at)} is not later than the one before`),
    ...missing.map((at) => `${iso(at)} is missing`),
    ...found.filter((at) => !wants.has(at)).map((at) => `${iso(at)} is too many`),
  ]
}

/** Of times that become later. */
function instantsOf(spans: readonly Span[], walls: readonly number[]): readonly number[] {
  let n = 0
  return walls.flatMap((wall) => {
    while (n < spans.length - 1 && wall >= (spans[n]?.until ?? 0) + (spans[n]?.offset ?? 0)) n += 1
    return instantShowing(spans.slice(n, n + 1), wall) ?? []
  })
}

/** Whole minutes of the day in the middle of a gap and of a repeated time, as many as the zone has of them. */
function oddTimes(spans: readonly Span[]): readonly number[] {
  const changes = changesOf(spans)
  const odd = [1, -1].map((sign) => changes.find(({ before, after }) => Math.sign(after - before) === sign))
  const middles = odd.flatMap((change) => (change === undefined ? [] : [(change.wallBefore + change.wallAfter) / 2]))
  return middles.map((wall) => (Math.floor(wall / MINUTE) * MINUTE) % DAY)
}

const clockOf = (ms: number) => new Date(ms).toISOString().slice(11, 19)

describe('a schedule in every time zone, for 18 years', () => {
  it(
    'of a time of day comes once each day: at its time, right after the gap it is in, or the first time it is shown',
    () => {
      const faults = faultsOf(chosen, ({ name, spans }) => {
        const midnights = new Set(instantsOf(spans, days))
        return [7 * HOUR, ...oddTimes(spans)].flatMap((time) => {
          const dues = duesOf({ 'daily>': clockOf(time) }, name)
          const wanted = instantsOf(
            spans,
            days.map((day) => day + time),
          )
          const runs = dues.map(({ runAt }) => runAt.getTime())
          const sessions = dues.map(({ sessionTime }) => sessionTime.getTime())
          const odd = sessions.filter((session) => !midnights.has(session))
          return [...compare(runs, wanted), ...odd.map((session) => `${iso(session)} is no beginning of a day`)]
        })
      })
      expect(faults).toEqual([])
    },
    PROPERTY_MS,
  )

  it(
    'of cron> comes as the table says, and back the same way',
    () => {
      const cron = '30 1 * * Sun-Tue|0 14 2-4 * *'
      const faults = faultsOf(chosen, ({ name, spans }) => {
        const walls = days.flatMap((day) => {
          const date = new Date(day)
          const isEarly = date.getUTCDay() <= 2
          const isLate = date.getUTCDate() >= 2 && date.getUTCDate() <= 4
          return [...(isEarly ? [day + 90 * MINUTE] : []), ...(isLate ? [day + 14 * HOUR] : [])]
        })
        const sessions = duesOf({ 'cron>': cron }, name).map(({ sessionTime }) => sessionTime)
        const schedule = getSchedule({ 'cron>': cron }, name)
        const back = sessions.slice(1).map((session) => previousDue(schedule, session)?.sessionTime.getTime() ?? 0)
        const times = sessions.map((session) => session.getTime())
        const crooked = back.filter((before, n) => before !== times[n])
        return [...compare(times, instantsOf(spans, walls)), ...crooked.map((at) => `${iso(at)} on the way back`)]
      })
      expect(faults).toEqual([])
    },
    PROPERTY_MS,
  )

  it(
    'of cron> has the neighbours that the table says, also of an instant within a gap or a repeated time',
    () => {
      const faults = faultsOf(chosen, ({ name, spans }) =>
        changesOf(spans).flatMap(({ at, wallBefore }) => {
          if (at < FROM || at > UNTIL) return []
          const day = Math.floor(wallBefore / DAY) * DAY
          const walls = Array.from({ length: 5 * 24 * 3 }, (_, n) => day - 2 * DAY + n * 20 * MINUTE)
          const sessions = instantsOf(
            spans,
            walls.filter((wall) => wall % DAY < 23 * HOUR),
          )
          const schedule = getSchedule({ 'cron>': '*/20 0-22 * * *' }, name)
          return [-50, -10, 0, 10, 50, 70].flatMap((minutes) => {
            const from = at + minutes * MINUTE
            const found = [previousDue(schedule, new Date(from)), nextDue(schedule, new Date(from))]
            const wanted = [sessions.findLast((one) => one < from), sessions.find((one) => one > from)]
            const given = found.map((due) => due?.sessionTime.getTime())
            return given.join() === wanted.join() ? [] : [`around ${iso(from)}: ${given.map(iso).join(' and ')}`]
          })
        }),
      )
      expect(faults).toEqual([])
    },
    PROPERTY_MS,
  )

  it(
    'of every hour comes each time the clocks show it, and back the same way, around each change',
    () => {
      const faults = faultsOf(chosen, ({ name, spans }) =>
        changesOf(spans).flatMap(({ at }) => {
          const [from, until] = [Math.max(FROM, at - 6 * HOUR), Math.min(UNTIL, at + 6 * HOUR)]
          const minutes = Array.from({ length: (until - from) / MINUTE }, (_, minute) => from + minute * MINUTE)
          const wanted = minutes.filter((one) => (one + (offsetAt(spans, one) ?? 0)) % (20 * MINUTE) === 0)
          const schedule = getSchedule({ 'minutes_interval>': 20 }, name)
          const found = duesOf({ 'minutes_interval>': 20 }, name, from, until).map((due) => due.sessionTime.getTime())
          const back = found.slice(1).map((one) => previousDue(schedule, new Date(one))?.sessionTime.getTime())
          const isRight = found.join() === wanted.join() && back.join() === found.slice(0, -1).join()
          return isRight ? [] : [`around ${iso(at)}: ${found.map(iso).join(' ')}`]
        }),
      )
      expect(faults).toEqual([])
    },
    PROPERTY_MS,
  )
})
