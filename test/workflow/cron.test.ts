import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findInstant } from '../../src/workflow/cron.ts'
import { type CronPattern, readCron } from '../../src/workflow/cron-pattern.ts'
import { UTC } from '../../src/workflow/zone.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

const FIELDS = ['minutes', 'hours', 'days', 'months', 'weekdays'] as const
type FieldName = (typeof FIELDS)[number]

const MINUTE = 60_000
const DAY = 86_400_000

function readOne(expression: string): CronPattern {
  const read = readCron(expression)
  const [pattern] = read.ok ? read.patterns : []
  if (pattern === undefined) throw new Error(`${expression} was not read`)
  return pattern
}

/** What cron4j 2.2.5, which Digdag uses, makes of one field: `weekdays  6-2/2  0 2 6`. */
const fields = readFileSync(new URL('digdag/cron4j.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t') as [FieldName, string, string])

describe('a cron field', () => {
  it.each(fields)('of %s, %s, is %s as in cron4j', (name, text, values) => {
    const read = readCron(FIELDS.map((field) => (field === name ? text : '*')).join(' '))
    const [pattern] = read.ok ? read.patterns : []
    const days = pattern?.[name].filter((value) => name !== 'weekdays' || value < 7)
    const every = readOne('* * * * *')[name].filter((value) => name !== 'weekdays' || value < 7)
    expect(days ?? 'refused').toEqual(
      values === 'refused' ? 'refused' : values === 'every' ? every : values.split(' ').map(Number),
    )
  })

  it.each([
    ['5/10 * * * *', '"5/10" is 5 alone: a step needs a range (minute)'],
    ['-5 * * * *', '"-5" is 5: a minus sign stands between two values (minute)'],
    ['0 0 * * 0-7', '"0-7" is Sunday alone: 7 is Sunday, as 0 is (day of the week)'],
    ['0 0 30 2 *|0 0 1 * *', '"0 0 30 2 *" never comes: there is no such day'],
  ])('of %s is allowed and odd', (expression, sentence) => {
    const read = readCron(expression)
    expect(read.ok && read.odd).toEqual([sentence])
  })
})

describe('a cron pattern', () => {
  it.each([
    ['', '"" is no cron pattern: it is empty'],
    [' | ', '"|" is no cron pattern: it is empty'],
    ['0 0 * *', '"0 0 * *" is no cron pattern: it has 4 fields, and should have 5 (minute hour day month weekday)'],
    [
      '0 0 * * *|@daily',
      '"@daily" is no cron pattern: it has 1 field, and should have 5 (minute hour day month weekday)',
    ],
    ['0 24 * * *', '"0 24 * * *" is no cron pattern: 24 is no hour (0 to 23)'],
    ['0 0 * * sunday', '"0 0 * * sunday" is no cron pattern: sunday is no day of the week (0 to 7)'],
    ['*/0 * * * *', '"*/0 * * * *" is no cron pattern: the step of "*/0" is not a number from 1 on'],
    ['1/2/3 * * * *', '"1/2/3 * * * *" is no cron pattern: "1/2/3" is no minute'],
    ['1-2-3 * * * *', '"1-2-3 * * * *" is no cron pattern: "1-2-3" is no minute'],
    [', * * * *', '", * * * *" is no cron pattern: "," is no minute'],
    ['0 0 31 4,6 *', '"0 0 31 4,6 *" is no cron pattern: there is no such day, so it never comes'],
  ])('%s is refused', (expression, message) => {
    const read = readCron(expression)
    expect(read.ok ? read : read.message).toEqual(message)
  })

  it.each([
    ['0 0 29 2 1', '2024-03-01T00:00:00Z', 1, '2044-02-29T00:00:00Z'],
    ['* * 29 2 1', '2044-03-01T00:00:00Z', -1, '2044-02-29T23:59:00Z'],
    ['0 0 L 2 *', '2096-03-01T00:00:00Z', 1, '2097-02-28T00:00:00Z'],
    ['59 23 31 12 *', '2026-12-31T23:59:00Z', 1, '2027-12-31T23:59:00Z'],
    ['59 23 31 12 *', '2026-12-31T23:59:00Z', -1, '2025-12-31T23:59:00Z'],
    ['0 0 1 1 *', '2025-12-31T23:59:59Z', 1, '2026-01-01T00:00:00Z'],
  ] as const)('%s from %s on (%d) comes at %s', (expression, from, sign, at) => {
    expect(findInstant(readOne(expression), UTC, Date.parse(from), sign)).toBe(Date.parse(at))
  })

  const value = (first: number, last: number) => fc.integer({ min: first, max: last }).map(String)
  const range = (first: number, last: number) =>
    fc
      .tuple(value(first, last), value(first, last), fc.integer({ min: 1, max: 9 }))
      .map(([a, b, n]) => `${a}-${b}/${n}`)
  const field = (first: number, last: number) =>
    fc.oneof(
      fc.constant('*'),
      value(first, last),
      range(first, last),
      fc.tuple(value(first, last), range(first, last)).map((pair) => pair.join()),
    )
  const expression = fc
    .tuple(field(0, 59), field(0, 23), fc.oneof(field(1, 31), fc.constant('L')), field(1, 12), field(0, 6))
    .map((parts) => parts.join(' '))

  /** Minute by minute, as slowly and as plainly as one can. */
  function* walk(pattern: CronPattern, from: number, sign: 1 | -1) {
    for (let at = from + sign * MINUTE; Math.abs(at - from) < 2 * DAY; at += sign * MINUTE) {
      const date = new Date(at)
      const isLast = new Date(at + DAY).getUTCDate() === 1
      const isDay = pattern.days.includes(date.getUTCDate()) || (isLast && pattern.days.includes(32))
      const isTime = pattern.minutes.includes(date.getUTCMinutes()) && pattern.hours.includes(date.getUTCHours())
      const isDate = pattern.months.includes(date.getUTCMonth() + 1) && pattern.weekdays.includes(date.getUTCDay())
      if (isDay && isTime && isDate) yield at
    }
  }

  it(
    'comes when a walk through the minutes meets it, both ways',
    () => {
      const minute = fc.integer({ min: Date.UTC(2020, 0, 1) / MINUTE, max: Date.UTC(2037, 0, 1) / MINUTE })
      fc.assert(
        fc.property(expression, minute, fc.constantFrom(1 as const, -1 as const), (text, at, sign) => {
          const read = readCron(text)
          const pattern = read.ok ? read.patterns[0] : undefined
          if (pattern === undefined) return
          const from = at * MINUTE
          const found = findInstant(pattern, UTC, from, sign)
          const met = walk(pattern, from, sign).next().value
          if (met !== undefined || (found !== undefined && Math.abs(found - from) < 2 * DAY)) expect(found).toBe(met)
        }),
        effort(1000),
      )
    },
    PROPERTY_MS,
  )
})
