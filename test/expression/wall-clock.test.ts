import { describe, expect, it } from 'vitest'
import { instantOfWall } from '../../src/expression/wall-clock.ts'
import { getZone } from '../../src/workflow/zone.ts'

describe('a time on the wall of a script', () => {
  it.each([
    ['UTC', '2026-03-08T02:30:00Z', '2026-03-08T02:30:00Z'],
    ['+09:00', '2026-03-08T02:30:00Z', '2026-03-07T17:30:00Z'],
    ['America/New_York', '2026-03-08T01:59:59Z', '2026-03-08T06:59:59Z'],
    ['America/New_York', '2026-03-08T02:30:00Z', '2026-03-08T06:30:00Z'], // skipped: an hour back
    ['America/New_York', '2026-03-08T03:00:00Z', '2026-03-08T07:00:00Z'],
    ['America/New_York', '2026-11-01T00:59:59Z', '2026-11-01T04:59:59Z'],
    ['America/New_York', '2026-11-01T01:30:00Z', '2026-11-01T06:30:00Z'], // twice: the second
    ['Europe/Berlin', '2026-03-29T02:30:00Z', '2026-03-29T00:30:00Z'],
    ['Europe/Berlin', '2026-10-25T02:30:00Z', '2026-10-25T01:30:00Z'],
    ['Australia/Lord_Howe', '2026-10-04T02:15:00Z', '2026-10-03T15:15:00Z'], // half an hour
  ])('in %s at %s is %s', (zone, wall, instant) => {
    expect(new Date(instantOfWall(getZone(zone), Date.parse(wall)))).toEqual(new Date(instant))
  })

  it('is none where there is none', () => {
    expect(instantOfWall(getZone('Asia/Tokyo'), Number.NaN)).toBeNaN()
  })
})
