import { describe, expect, it } from 'vitest'
import { readTime, truncate, zoned } from '../../../src/http/api/times.ts'

const at = (text: string) => new Date(text)

describe('a time of the API', () => {
  it.each([
    ['2026-03-28T06:00:00Z', 'UTC', '2026-03-28T06:00:00+00:00'],
    ['2026-03-28T06:00:00Z', 'Asia/Tokyo', '2026-03-28T15:00:00+09:00'],
    ['2026-07-01T00:00:00Z', 'America/New_York', '2026-06-30T20:00:00-04:00'],
    ['2026-01-01T00:00:00Z', 'America/St_Johns', '2025-12-31T20:30:00-03:30'],
  ])('%s is shown on the wall of %s as %s', (instant, zone, text) => {
    expect(zoned(at(instant), zone)).toBe(text)
  })

  it.each([
    ['2026-03-01T00:00', 'Asia/Tokyo', '2026-02-28T15:00:00.000Z'],
    ['2026-03-01T00:00:00', 'UTC', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01 07:30:00', 'Europe/Berlin', '2026-03-01T06:30:00.000Z'],
    ['2026-03-01T00:00:00+09:00', 'UTC', '2026-02-28T15:00:00.000Z'],
    ['2026-03-01T10:20:10.420653513Z', 'UTC', '2026-03-01T10:20:10.420Z'],
    ['2028-02-29T00:00:00', 'UTC', '2028-02-29T00:00:00.000Z'],
    ['2026-03-29T02:30:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'], // does not exist: the clock jumps from 2 to 3
  ])('%s in %s is read as %s', (text, zone, instant) => {
    expect(readTime(text, zone).toISOString()).toBe(instant)
  })

  it.each([
    ...['2026-03-01', 'now', '', '2026-13-01T00:00', '2026-03-01T99:00', '2026-03-01T24:00'],
    ...['2026-02-31T00:00:00', '2026-02-29T00:00:00Z', '2026-04-31T00:00:00+09:00'],
    ...['0000-01-01T00:00:00Z', '0001-01-01T00:00:00', '1969-12-31T23:59:59Z', '9999-01-01T00:00:00Z'],
  ])('refuses %j', (text) => {
    expect(() => readTime(text, 'UTC')).toThrow(`${text} is not a time`)
  })

  it('is cut to the hour and the day of its zone', () => {
    expect(truncate(at('2026-03-28T06:59:59Z'), 'hour', 'Asia/Kolkata').toISOString()).toBe('2026-03-28T06:30:00.000Z')
    expect(truncate(at('2026-03-28T16:00:00Z'), 'day', 'Asia/Tokyo').toISOString()).toBe('2026-03-28T15:00:00.000Z')
    expect(truncate(at('2026-03-29T12:00:00Z'), 'day', 'Europe/Berlin').toISOString()).toBe('2026-03-28T23:00:00.000Z')
  })
})
