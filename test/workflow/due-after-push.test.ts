import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { type Before, dueAfterPush } from '../../src/workflow/due-after-push.ts'
import { NEVER, readSchedule } from '../../src/workflow/schedule.ts'

const at = (time: string) => new Date(`2026-03-28T${time}Z`)
const FROM = at('09:30:00')

function schedule(config: JsonObject) {
  const read = readSchedule(config, 'UTC')
  if (read === null) throw new Error(JSON.stringify(config))
  return read
}
const hourly = schedule({ 'hourly>': '00:00' })
const before = (last: string | null, next: Date, written: Before['schedule'] = hourly): Before => ({
  ...{ schedule: written, nextSessionTime: next, lastSessionTime: last === null ? null : at(last) },
})

describe('a schedule after a push', () => {
  it.each<[string, JsonObject, Before | null, string | null]>([
    ['that is new', { 'hourly>': '00:00' }, null, '10:00'],
    ['that has started nothing yet', { 'hourly>': '00:00' }, before(null, at('09:00:00')), '10:00'],
    ['that has started 06:00', { 'hourly>': '00:00' }, before('06:00:00', at('07:00:00')), '07:00'],
    ['that is written otherwise now', { 'minutes_interval>': 20 }, before('06:00:00', at('07:00:00')), '06:20'],
    ['whose 07:00 and 08:00 were left out', { 'hourly>': '00:00' }, before('06:00:00', at('09:00:00')), '09:00'],
    [
      'that left some out, and is written otherwise',
      { 'minutes_interval>': 20 },
      before('06:00:00', at('09:00:00')),
      '08:20',
    ],
    ['that had come to its end, and begins again', { 'hourly>': '00:00' }, before('06:00:00', NEVER), '07:00'],
    ['that could not be read any more', { 'hourly>': '00:00' }, before('06:00:00', at('09:00:00'), null), '07:00'],
    ['that ends now', { 'hourly>': '00:00', end: '2026-03-27' }, before('06:00:00', at('07:00:00')), null],
  ])('%s goes on there', (_, config, standing, wanted) => {
    const due = dueAfterPush(schedule(config), standing, FROM)
    expect(due?.sessionTime.toISOString().slice(11, 16) ?? null).toBe(wanted)
  })
})
