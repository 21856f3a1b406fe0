import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { firstDue, lastDue, nextDue, nextDues, previousDue, readSchedule } from '../../src/workflow/schedule.ts'
import { findScheduleFaults } from '../../src/workflow/schedule-faults.ts'
import type { Schedule } from '../../src/workflow/workflow.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

function schedule(config: JsonObject, timezone = 'UTC'): Schedule {
  const read = readSchedule(config, timezone)
  if (read === null) throw new Error(JSON.stringify(findScheduleFaults(config)))
  return read
}
const runs = (config: JsonObject, zone: string, from: string, count: number) =>
  nextDues(schedule(config, zone), new Date(from), count).map((due) => due.runAt.toISOString().slice(0, 16))

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const pad = (number: number) => String(number).padStart(2, '0')

/** `2026-03-28 07:00` as Node's own tables say: an oracle that shares nothing with ours. */
function wallClock(timeZone: string) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  return (instant: Date) => format.format(instant)
}
const daysBetween = (one: string, other: string) =>
  (Date.parse(other.slice(0, 10)) - Date.parse(one.slice(0, 10))) / DAY_MS

describe('a schedule', () => {
  it.each<[JsonObject, string, string, string, string]>([
    [{ 'daily>': '07:00:00' }, 'UTC', '2026-01-01T07:00:00Z', '2026-01-01T07:00:00.000Z', '2026-01-01T00:00:00.000Z'],
    [
      { 'daily>': '07:00:00' },
      'Asia/Tokyo',
      '2026-01-01T00:00:00Z',
      '2026-01-01T22:00:00.000Z',
      '2026-01-01T15:00:00.000Z',
    ],
    [{ 'hourly>': '30:00' }, 'UTC', '2026-01-01T10:15:00Z', '2026-01-01T10:30:00.000Z', '2026-01-01T10:00:00.000Z'],
    [
      { 'weekly>': 'Sun,09:00:00' },
      'UTC',
      '2026-01-01T00:00:00Z',
      '2026-01-04T09:00:00.000Z',
      '2026-01-04T00:00:00.000Z',
    ],
    [
      { 'monthly>': '1,09:00:00' },
      'UTC',
      '2026-01-01T10:00:00Z',
      '2026-02-01T09:00:00.000Z',
      '2026-02-01T00:00:00.000Z',
    ],
    [{ 'minutes_interval>': 7 }, 'UTC', '2026-01-01T00:56:01Z', '2026-01-01T01:00:00.000Z', '2026-01-01T01:00:00.000Z'],
    [{ 'cron>': '42 4 1 * *' }, 'UTC', '2026-01-01T05:00:00Z', '2026-02-01T04:42:00.000Z', '2026-02-01T04:42:00.000Z'],
    [{ 'cron>': '0 0 1 * 1' }, 'UTC', '2026-01-02T00:00:00Z', '2026-06-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z'],
    [{ 'cron>': '0 0 L * *' }, 'UTC', '2026-02-01T00:00:00Z', '2026-02-28T00:00:00.000Z', '2026-02-28T00:00:00.000Z'],
    [
      { 'cron>': '0 3 * * *|30 1 * * *' },
      'UTC',
      '2026-01-01T00:00:00Z',
      '2026-01-01T01:30:00.000Z',
      '2026-01-01T01:30:00.000Z',
    ],
    [
      { 'cron>': '0 9 * * *' },
      '+09:00',
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:00:00.000Z',
    ],
    [{ 'daily>': '25:00:00' }, 'UTC', '2026-01-02T00:30:00Z', '2026-01-02T01:00:00.000Z', '2026-01-01T00:00:00.000Z'],
  ])('%j in %s, seen at %s, runs at %s for %s', (config, zone, from, runAt, sessionTime) => {
    const due = firstDue(schedule(config, zone), new Date(from))
    expect(due).toEqual({ runAt: new Date(runAt), sessionTime: new Date(sessionTime) })
  })

  it('means the time on the wall on the days when clocks change', () => {
    const newYork = (at: string, from: string) => runs({ 'daily>': at }, 'America/New_York', from, 3)
    expect(newYork('07:00:00', '2026-03-07T05:00:00Z')).toEqual([
      '2026-03-07T12:00',
      '2026-03-08T11:00',
      '2026-03-09T11:00',
    ])
    expect(newYork('02:30:00', '2026-03-07T05:00:00Z')).toEqual([
      '2026-03-07T07:30',
      '2026-03-08T07:00',
      '2026-03-09T06:30',
    ])
    expect(newYork('01:30:00', '2026-10-31T04:00:00Z')).toEqual([
      '2026-10-31T05:30',
      '2026-11-01T05:30',
      '2026-11-02T06:30',
    ])
    expect(runs({ 'cron>': '30 2 * * *' }, 'America/New_York', '2026-03-07T05:00:00Z', 3)).toEqual([
      ...['2026-03-07T07:30', '2026-03-08T07:00', '2026-03-09T06:30'],
    ])
    expect(runs({ 'daily>': '02:15:00' }, 'Australia/Lord_Howe', '2026-10-02T14:00:00Z', 3)).toEqual([
      ...['2026-10-02T15:45', '2026-10-03T15:30', '2026-10-04T15:15'],
    ])
    expect(runs({ 'hourly>': '00:00' }, 'America/New_York', '2026-11-01T04:00:00Z', 4)).toEqual([
      ...['2026-11-01T04:00', '2026-11-01T05:00', '2026-11-01T06:00', '2026-11-01T07:00'],
    ])
  })

  it('keeps to start and end by the time of the run', () => {
    const bounded = { 'daily>': '07:00:00', start: '2026-02-01', end: '2026-02-02' }
    expect(runs(bounded, 'UTC', '2026-01-01T00:00:00Z', 9)).toEqual(['2026-02-01T07:00', '2026-02-02T07:00'])
    expect(nextDue(schedule(bounded), new Date('2026-01-05T00:00:00Z'))?.runAt).toEqual(
      new Date('2026-02-01T07:00:00Z'),
    )
    expect(firstDue(schedule(bounded), new Date('2026-02-02T08:00:00Z'))).toBeNull()
  })

  it('runs no more in the year 9999, which is never', () => {
    expect(runs({ 'daily>': '07:00:00' }, 'UTC', '9998-12-31T00:00:00Z', 9)).toEqual(['9998-12-31T07:00'])
    expect(firstDue(schedule({ 'cron>': '0 0 29 2 *' }), new Date('9998-01-01T00:00:00Z'))).toBeNull()
  })

  it.each<[JsonObject, string, string | undefined]>([
    [{ 'daily>': '07:00:00' }, '2026-02-01T06:59:59Z', '2026-01-31T00:00:00Z'],
    [{ 'daily>': '07:00:00' }, '2026-02-01T07:00:00Z', '2026-02-01T00:00:00Z'],
    [{ 'daily>': '-20:00:00' }, '2026-02-01T04:00:00Z', '2026-02-02T00:00:00Z'],
    [{ 'daily>': '30:00:00' }, '2026-02-01T05:59:59Z', '2026-01-30T00:00:00Z'],
    [{ 'hourly>': '150:00' }, '2026-02-01T02:29:59Z', '2026-01-31T23:00:00Z'],
    [{ 'seconds_interval>': 90 }, '2026-02-01T00:01:31Z', '2026-02-01T00:01:30Z'],
    [{ 'daily>': '07:00:00', end: '2026-01-30' }, '2026-02-01T07:00:00Z', '2026-01-30T00:00:00Z'],
    [{ 'daily>': '07:00:00', start: '2026-02-01' }, '2026-02-01T06:59:59Z', undefined],
  ])('of %j ran last, until %s, for the session of %s', (written, until, session) => {
    expect(lastDue(schedule(written), new Date(until))?.sessionTime.toISOString().replace('.000', '')).toBe(session)
  })

  it.each<[string, string, string]>([
    ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z'],
    ['2026-01-02T03:04:05Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'],
  ])('knows the neighbours of %s', (session, last, next) => {
    const daily = schedule({ 'daily>': '07:00:00' })
    expect(previousDue(daily, new Date(session))?.sessionTime).toEqual(new Date(last))
    expect(nextDue(daily, new Date(session))?.sessionTime).toEqual(new Date(next))
  })

  it(
    'goes forward and back the same way, in any zone',
    () => {
      const configs: JsonObject[] = [
        ...[
          { 'daily>': '02:30:00' },
          { 'hourly>': '10:00' },
          { 'weekly>': '1,00:30:00' },
          { 'monthly>': '31,12:00:00' },
        ],
        ...[{ 'minutes_interval>': 15 }, { 'cron>': '*/20 1-3 * * *' }],
      ]
      const zones = [
        'UTC',
        'Asia/Tokyo',
        'America/New_York',
        'Europe/Berlin',
        'Australia/Lord_Howe',
        'Africa/Casablanca',
        '-03:30',
      ]
      const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) }).map((time) => new Date(time))
      fc.assert(
        fc.property(fc.constantFrom(...configs), fc.constantFrom(...zones), instant, (config, zone, from) => {
          const one = schedule(config, zone)
          const first = firstDue(one, from)
          const second = first === null ? null : nextDue(one, first.sessionTime)
          if (first === null || second === null) return false
          const back = previousDue(one, second.sessionTime)
          return (
            first.runAt >= from &&
            second.sessionTime > first.sessionTime &&
            back?.sessionTime.getTime() === first.sessionTime.getTime()
          )
        }),
        effort(150),
      )
    },
    PROPERTY_MS,
  )

  it(
    'comes once each day of the wall, at its time or right after the gap that swallowed it, in every zone',
    () => {
      const day = fc.integer({ min: Date.UTC(2020, 0, 1) / DAY_MS, max: Date.UTC(2037, 11, 1) / DAY_MS })
      const minute = fc.integer({ min: 0, max: 24 * 60 - 1 })
      fc.assert(
        fc.property(fc.constantFrom(...Intl.supportedValuesOf('timeZone')), day, minute, (zone, first, at) => {
          const time = `${pad(Math.floor(at / 60))}:${pad(at % 60)}`
          const daily = schedule({ 'daily>': `${time}:00` }, zone)
          const wall = wallClock(zone)
          let due = firstDue(daily, new Date(first * DAY_MS))
          let before: string | undefined
          for (let n = 0; n < 4; n++) {
            if (due === null) throw new Error('it never comes again')
            const shown = wall(due.runAt)
            const wanted = `${shown.slice(0, 10)} ${time}`
            const isSwallowed = wall(new Date(due.runAt.getTime() - MINUTE_MS)) < wanted && shown > wanted
            expect(shown === wanted || isSwallowed, `${zone} ${shown}`).toBe(true)
            if (before !== undefined) expect(daysBetween(before, shown), `${zone} ${before} ${shown}`).toBe(1)
            before = shown
            due = nextDue(daily, due.sessionTime)
          }
        }),
        effort(200),
      )
    },
    PROPERTY_MS,
  )

  it.each<[JsonObject, string, string]>([
    [{ 'cron>': '0 0 15W * *' }, 'cron>', '"0 0 15W * *" is no cron pattern: 15W is no day of the month (1 to 31)'],
    [{ 'weekly>': 'Foo,09:00:00' }, 'weekly>', 'weekly>: scheduler requires day,hh:mm:ss format: Foo,09:00:00'],
    [{ 'monthly>': '32,09:00:00' }, 'monthly>', '32 is no day of the month (1 to 31)'],
    [{ 'daily>': '07:00:00', 'hourly>': '00:00' }, 'hourly>', "Parameter 'hourly>' is not used at schedule."],
    [
      { 'daily>': '07:00:00', _environment: ['a\u001b[31m'] },
      '_environment',
      '_environment: ["a\\u001b[31m"] names no environment',
    ],
  ])('declines %j', (config, key, message) => {
    expect(findScheduleFaults(config)).toMatchObject([{ key, message }])
  })
})
