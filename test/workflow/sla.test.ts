import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { readLateAt } from '../../src/workflow/sla.ts'

const runAt = new Date('2026-03-28T06:14:08Z')
const lateAt = (sla: JsonObject, zone = 'UTC', at = runAt) => {
  const read = readLateAt({ sla }, at, zone)
  return read.ok ? read.value?.toISOString() : read.message
}
const format = (option: string, format: string) =>
  `SLA ${option} option needs to be HH:MM or HH:MM:SS format: Optional.${format}`

describe('`sla:`', () => {
  it('that is absent makes nothing late', () => {
    expect(readLateAt({}, runAt, 'UTC')).toEqual({ ok: true, value: null })
  })

  it.each<[JsonObject, string]>([
    [{ duration: '01:30' }, '2026-03-28T07:44:08.000Z'],
    [{ duration: '00:00:02' }, '2026-03-28T06:14:10.000Z'],
    [{ duration: '-1:00' }, '2026-03-28T05:14:08.000Z'],
    [{ duration: '100:00', time: null }, '2026-04-01T10:14:08.000Z'],
    [{ time: '07:00' }, '2026-03-28T07:00:00.000Z'],
    [{ time: '06:00' }, '2026-03-29T06:00:00.000Z'],
    [{ time: '25:00' }, '2026-03-29T01:00:00.000Z'],
    [{ time: '06:14:08' }, '2026-03-28T06:14:08.000Z'],
  ])('%j counts from when the attempt runs', (sla, at) => {
    expect(lateAt(sla)).toBe(at)
  })

  it('has its time on the wall of the zone', () => {
    expect(lateAt({ time: '16:00' }, 'Asia/Tokyo')).toBe('2026-03-28T07:00:00.000Z')
    expect(lateAt({ time: '15:00' }, 'Asia/Tokyo')).toBe('2026-03-29T06:00:00.000Z')
    const night = new Date('2026-03-29T00:30:00Z') // the clocks of Berlin go from 2 to 3 at 1:00 UTC
    expect(lateAt({ time: '02:30' }, 'Europe/Berlin', night)).toBe('2026-03-29T01:00:00.000Z')
    const dayBefore = new Date('2026-03-28T12:00:00Z')
    expect(lateAt({ time: '09:00' }, 'Europe/Berlin', dayBefore)).toBe('2026-03-29T07:00:00.000Z')
  })

  it.each<[unknown, string]>([
    ['soon', "Parameter 'sla' must be an object"],
    [[1], "Parameter 'sla' must be an object"],
    [{}, "SLA must be specified using either the 'time' or 'duration' option"],
    [{ time: '', duration: '00:01' }, "SLA must be specified using either the 'time' or 'duration' option"],
    [{ duration: 'soon' }, format('duration', 'absent()')],
    [{ duration: 90 }, format('duration', 'absent()')],
    [{ duration: '00:00:02.5' }, format('duration', 'absent()')],
    [{ time: ' 01:00' }, format('time', 'of( 01:00)')],
    [{ duration: '2000000000:00' }, 'SLA duration option is more than a hundred years: 2000000000:00'],
    [{ time: `${'9'.repeat(400)}:00` }, `SLA time option is more than a hundred years: ${'9'.repeat(400)}:00`],
    [{ time: '1:2:3:4' }, format('time', 'of(1:2:3:4)')],
  ])('%j is refused, in the words of Digdag where it has any', (sla, message) => {
    expect(lateAt(sla as JsonObject)).toBe(message)
  })
})
