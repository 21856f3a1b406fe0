import { describe, expect, it } from 'vitest'
import {
  sayBytes,
  sayCount,
  sayDuration,
  sayExactly,
  sayIn,
  saySession,
  saySpan,
  sayWhen,
} from '../../src/ui/format.ts'

const NOW = new Date('2026-03-28T06:14:08Z')

describe('a duration', () => {
  it.each([
    [-5, '0.0 s'],
    [412, '0.4 s'],
    [9_949, '9.9 s'],
    [18_000, '18 s'],
    [68_000, '1m 08s'],
    [2 * 3_600_000 + 5 * 60_000, '2h 05m'],
    [76 * 3_600_000, '3d 4h'],
  ])('of %s ms is %s', (ms, words) => {
    expect(sayDuration(ms)).toBe(words)
  })
})

describe('a moment', () => {
  const at = (iso: string) => sayWhen(new Date(iso), { now: NOW, zone: 'Europe/Berlin' })

  it('is said as short as it can be', () => {
    expect(at('2026-03-28T05:00:00Z')).toBe('06:00')
    expect(at('2026-03-27T16:52:00Z')).toBe('Fri 17:52')
    expect(at('2026-03-04T08:41:00Z')).toBe('4 Mar 09:41')
  })

  it('keeps to its zone over a change of clocks', () => {
    expect(sayExactly(new Date('2026-03-29T00:59:59Z'), 'Europe/Berlin')).toBe('29 Mar 2026, 01:59:59 CET')
    expect(sayExactly(new Date('2026-03-29T01:00:00Z'), 'Europe/Berlin')).toBe('29 Mar 2026, 03:00:00 CEST')
    expect(saySession(new Date('2026-03-29T22:00:00Z'), 'Europe/Berlin')).toBe('30 Mar 2026, 00:00 CEST')
  })

  it('to come is said as a distance', () => {
    expect(sayIn(new Date(NOW.getTime() + 61_000), NOW)).toBe('in 1 min')
    expect(sayIn(NOW, NOW)).toBe('now')
    expect(saySpan(86_400_000)).toBe('1 day')
  })
})

describe('a number', () => {
  it('can be read', () => {
    expect([sayCount(8412), sayCount(1_000_000), sayBytes(1), sayBytes(1536), sayBytes(5 * 1024 ** 3)]).toEqual([
      '8 412',
      '1 000 000',
      '1 byte',
      '1.5 KB',
      '5.0 GB',
    ])
  })
})
