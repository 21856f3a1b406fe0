import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatInZone, formatOffset, getZone, instantOf, readZone, UTC } from '../../src/workflow/zone.ts'

/** The names of Java 17's `ZoneId.getAvailableZoneIds()`. */
const javas = readFileSync(new URL('digdag/zones.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .flatMap((line) => {
    const [area = '', ...cities] = line.split(' ')
    return area === '.' ? cities : cities.map((city) => `${area}/${city}`)
  })

describe('a time zone', () => {
  it('has the names that Java knows, but for those that IANA has dropped', () => {
    expect(javas).toHaveLength(603)
    const dropped = javas.filter((name) => readZone(name) === undefined)
    expect(dropped.every((name) => name.startsWith('SystemV/'))).toBe(true)
    expect(dropped).toHaveLength(13)
    expect(javas.filter((name) => !dropped.includes(name) && readZone(name)?.id !== name)).toEqual([])
  })

  // Each as `ZoneId.of(text).getId()` of Java 17 answers, and Digdag's API.
  it.each([
    ['UTC', 'UTC', '+00:00'],
    ['Z', 'Z', '+00:00'],
    ['GMT', 'GMT', '+00:00'],
    ['GMT0', 'GMT0', '+00:00'],
    ['GMT+0', 'GMT', '+00:00'],
    ['UT', 'UT', '+00:00'],
    ['UTC+3', 'UTC+03:00', '+03:00'],
    ['UTC+03', 'UTC+03:00', '+03:00'],
    ['UTC+0300', 'UTC+03:00', '+03:00'],
    ['UTC-0', 'UTC', '+00:00'],
    ['UT-01:30', 'UT-01:30', '-01:30'],
    ['GMT+9', 'GMT+09:00', '+09:00'],
    ['+9', '+09:00', '+09:00'],
    ['+09', '+09:00', '+09:00'],
    ['+0130', '+01:30', '+01:30'],
    ['+090000', '+09:00', '+09:00'],
    ['+09:00:01', '+09:00:01', '+09:00'],
    ['UTC+03:30:15', 'UTC+03:30:15', '+03:30'],
    ['-00:00', 'Z', '+00:00'],
    ['-18:00', '-18:00', '-18:00'],
    [' Asia/Tokyo ', 'Asia/Tokyo', '+09:00'],
    ['Etc/GMT+9', 'Etc/GMT+9', '-09:00'],
    ['Etc/UTC', 'Etc/UTC', '+00:00'],
    ['EST5EDT', 'EST5EDT', '-05:00'],
    ['Asia/Calcutta', 'Asia/Calcutta', '+05:30'],
    ['Asia/Kolkata', 'Asia/Kolkata', '+05:30'],
    ['Asia/Katmandu', 'Asia/Katmandu', '+05:45'],
    ['US/Pacific', 'US/Pacific', '-08:00'],
    ['Europe/Kiev', 'Europe/Kiev', '+02:00'],
    ['Europe/Kyiv', 'Europe/Kyiv', '+02:00'],
    ['America/Ciudad_Juarez', 'America/Ciudad_Juarez', '-07:00'],
    ['NZ-CHAT', 'NZ-CHAT', '+13:45'],
    ['W-SU', 'W-SU', '+03:00'],
  ])('%s is %s, %s in January 2026', (text, id, offset) => {
    expect(readZone(text)?.id).toBe(id)
    expect(formatOffset(getZone(text), Date.parse('2026-01-15T00:00:00Z'), ':')).toBe(offset)
  })

  it.each([
    ...['', 'x', 'z', 'utc', 'Utc', 'gmt', 'asia/tokyo', 'Asia/tokyo', 'ASIA/TOKYO', 'Mars/Olympus', 'Etc/GMT+09'],
    ...[
      'EST',
      'MST',
      'HST',
      'PST',
      'CST',
      'JST',
      'IST',
      'ROC',
      'Factory',
      'localtime',
      'Etc/Unknown',
      'US/Pacific-New',
    ],
    ...[
      'SystemV/AST4',
      'UTC+3:00',
      'UTC+03:60',
      'UTC+033',
      'UTC+0:0',
      'UTC0',
      '+9:00',
      '+130',
      '+01:3',
      '+18:01',
      '+19:00',
    ],
    ...['GMT+24', '-18:00:01', '+09:0000', '−09:00', '9', '09:00', '+', 'UTC+', '__proto__', 'constructor'],
  ])('%j is none', (text) => {
    expect(readZone(text)).toBeUndefined()
  })

  it('is written with its numeric offset, also when that has seconds', () => {
    expect(formatInZone(UTC, 0)).toBe('1970-01-01T00:00:00+00:00')
    expect(formatInZone(getZone('America/New_York'), Date.parse('1850-01-01T00:00:00Z'))).toBe(
      '1849-12-31T19:03:58-04:56',
    )
    expect(formatInZone(getZone('UTC+03:30:15'), 0)).toBe('1970-01-01T03:30:15+03:30')
    expect(formatOffset(getZone('America/St_Johns'), Date.parse('2026-01-15T00:00:00Z'), '')).toBe('-0330')
  })

  it('shows a day that it left out right after it', () => {
    const samoa = getZone('Pacific/Apia') // went from Thursday to Saturday
    expect(instantOf(samoa, Date.parse('2011-12-30T12:00:00Z'))).toBe(Date.parse('2011-12-30T10:00:00Z'))
    expect(instantOf(samoa, Date.parse('2011-12-31T00:00:00Z'))).toBe(Date.parse('2011-12-30T10:00:00Z'))
  })

  it('shows a time of the gap as soon as the gap is over', () => {
    const wall = Date.parse('2026-03-08T02:30:00Z')
    expect(instantOf(getZone('America/New_York'), wall)).toBe(Date.parse('2026-03-08T07:00:00Z'))
  })

  it('answers for any time at all', () => {
    const berlin = getZone('Europe/Berlin')
    for (const at of [8.64e15, -8.64e15]) expect(Number.isFinite(instantOf(berlin, at))).toBe(true)
  })
})
