import { describe, expect, it } from 'vitest'
import { openDesk } from './desk.ts'

const scheduleOf = (id: string, rest: object) => ({
  id,
  project: { id: '1', name: 'shop' },
  workflow: { id: '2', name: `daily_${id}` },
  nextRunTime: '2026-03-02T06:00:00Z',
  nextScheduleTime: '2026-03-02T00:00:00+00:00',
  disabledAt: null,
  heldAt: null,
  waitingSince: null,
  refusedBecause: null,
  elsewhere: null,
  lastSkip: null,
  timezone: 'UTC',
  ...rest,
})

describe('sluice schedules', () => {
  it('tells a schedule that is held from one that goes on, and what to do', async () => {
    const held = { heldAt: '2026-03-20T06:00:00Z' }
    const schedules = [scheduleOf('1', {}), scheduleOf('2', held)]
    const { sluice } = openDesk(() => Response.json({ schedules, quietEnvironment: null }))
    const { out } = await sluice('schedules')
    expect(out.split('\n').map((line) => line.trimEnd().split(/ {2,}/))).toEqual([
      ['ID', 'PROJECT', 'WORKFLOW', 'NEXT RUN', 'FOR SESSION'],
      ['1', 'shop', 'daily_1', '2026-03-02T06:00:00Z', '2026-03-02T00:00:00+00:00'],
      ['2', 'shop', 'daily_2', 'held since 2026-03-20T06:00:00Z', '2026-03-02T00:00:00+00:00'],
      [
        'Schedule 2 is held: sessions were missed, and wait for a decision. Make them up: sluice schedules:enable 2. Leave them out: sluice schedules:enable 2 --skip',
      ],
      [''],
    ])
  })

  it('tells what waits, what runs elsewhere, and what was left out, and why', async () => {
    const lastSkip = { sessionTime: '2026-03-01T00:00:00+00:00', because: 'running', skippedAt: '2026-03-01T06:00:00Z' }
    const waiting = { waitingSince: '2026-03-20T06:00:00Z' }
    const elsewhere = ['production', 'staging']
    const schedules = [scheduleOf('1', waiting), scheduleOf('2', { elsewhere }), scheduleOf('3', { lastSkip })]
    const { sluice } = openDesk(() => Response.json({ schedules, quietEnvironment: null }))
    const { out } = await sluice('schedules')
    expect(out.split('\n').map((line) => line.trimEnd().split(/ {2,}/)[3] ?? line)).toEqual([
      ...['NEXT RUN', 'waits since 2026-03-20T06:00:00Z', 'only in production, staging', '2026-03-02T06:00:00Z'],
      'Schedule 3 left out the session of 2026-03-01T00:00:00+00:00: another attempt was running',
      '',
    ])
  })

  it('tells what could not be started, and why', async () => {
    const refusedBecause = 'Too many attempts running. Limit: 1, Current: 1. Wait.'
    const schedules = [
      scheduleOf('1', { refusedBecause }),
      scheduleOf('2', { refusedBecause, disabledAt: '2026-03-20' }),
    ]
    const { sluice } = openDesk(() => Response.json({ schedules, quietEnvironment: null }))
    const { out } = await sluice('schedules')
    expect(out.split('\n').filter((line) => line.startsWith('Schedule'))).toEqual([
      `Schedule 1 could not start its session, and tries again: ${refusedBecause}`,
    ])
  })

  it('says how many are off, why, and how one is switched on', async () => {
    const schedules = [scheduleOf('1', { disabledAt: '2026-03-20T06:00:00Z' }), scheduleOf('2', {})]
    const { sluice } = openDesk(() => Response.json({ schedules, quietEnvironment: 'staging' }))
    const { out } = await sluice('schedules')
    expect(out).toContain('off since 2026-03-20T06:00:00Z')
    expect(out).toContain(
      '1 is off (in staging they start switched off). Switch one on, from now on: sluice schedules:enable ID --skip',
    )
  })

  it('reads on after a page that is full', async () => {
    const all = Array.from({ length: 130 }, (_, index) => scheduleOf(String(index + 1), {}))
    const { sluice } = openDesk(({ url }) => {
      const last = Number(new URL(url).searchParams.get('last_id') ?? 0)
      return Response.json({ schedules: all.slice(last, last + 100) })
    })
    const { out } = await sluice('schedules', '--json')
    expect(JSON.parse(out)).toEqual({ schedules: all })
  })
})
