import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import {
  decideSession,
  MADE_UP,
  planSessions,
  type Running,
  type Situation,
  SKIPS_KEPT,
  type Standing,
  type Verdict,
} from '../../src/workflow/plan-sessions.ts'
import { nextDue, readSchedule } from '../../src/workflow/schedule.ts'
import { readPolicy, type SchedulePolicy } from '../../src/workflow/schedule-policy.ts'
import type { Due } from '../../src/workflow/workflow.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

const NEVER = { runAt: new Date('9999-01-01T00:00:00Z'), sessionTime: new Date('9999-01-01T00:00:00Z') }
const at = (time: string) => new Date(`2026-03-28T${time}Z`)
const IDLE: Running = { isAny: false, isAtIt: false }
const BUSY: Running = { isAny: true, isAtIt: true }
/** Asked to stop, and not yet over. */
const STOPPING: Running = { isAny: true, isAtIt: false }

describe('a session that is due', () => {
  const onTime: Situation = {
    ...{ runAt: at('06:00:00'), now: at('06:00:01'), madeUp: 0 },
    ...{ isMissed: false, isLast: true, running: IDLE },
  }
  const missed = { isMissed: true, isLast: false }

  it.each<[JsonObject, Partial<Situation>, Verdict]>([
    [{}, {}, 'start'],
    [{}, { running: BUSY }, 'start'],
    [{}, missed, 'start'],
    [{}, { ...missed, madeUp: MADE_UP - 1 }, 'start'],
    [{}, { ...missed, madeUp: MADE_UP }, 'hold'],
    [{}, { madeUp: MADE_UP }, 'start'],

    [{ skip_delayed_by: '10s' }, { now: at('06:00:10') }, 'start'],
    [{ skip_delayed_by: '10s' }, { now: at('06:00:11') }, { skip: 'late' }],
    [{ skip_delayed_by: '10s', _missed: 'ask' }, { now: at('07:00:00'), isMissed: true }, { skip: 'late' }],
    [{ skip_delayed_by: '10s', _overlap: 'queue' }, { now: at('07:00:00'), running: BUSY }, { skip: 'late' }],

    [{ skip_on_overtime: true }, { running: BUSY }, { skip: 'running' }],
    [{ skip_on_overtime: true }, { running: STOPPING }, 'start'],
    [{ skip_on_overtime: false }, { running: BUSY }, 'start'],
    [{ _overlap: 'allow' }, { running: BUSY }, 'start'],
    [{ _overlap: 'forbid' }, {}, 'start'],
    [{ _overlap: 'forbid' }, { running: BUSY }, { skip: 'running' }],
    [{ _overlap: 'forbid' }, { ...missed, madeUp: MADE_UP, running: BUSY }, { skip: 'running' }],
    [{ _overlap: 'queue' }, {}, 'start'],
    [{ _overlap: 'queue' }, { running: BUSY }, 'wait'],
    [{ _overlap: 'queue' }, { running: STOPPING }, 'wait'],
    [{ _overlap: 'queue' }, { ...missed, madeUp: MADE_UP, running: BUSY }, 'hold'],
    [{ _overlap: 'replace' }, {}, 'start'],
    [{ _overlap: 'replace' }, { running: BUSY }, 'replace'],
    [{ _overlap: 'replace' }, { running: STOPPING }, 'replace'],
    [{ _overlap: 'replace' }, { isLast: false, running: BUSY }, { skip: 'replaced' }],
    [{ _overlap: 'replace' }, { ...missed, madeUp: 99 }, 'hold'],

    [{ _missed: 'last' }, missed, { skip: 'missed' }],
    [{ _missed: 'last' }, { isMissed: true }, 'start'],
    [{ _missed: 'last' }, { isLast: false }, 'start'],
    [{ _missed: 'none' }, {}, 'start'],
    [{ _missed: 'none' }, { isMissed: true }, { skip: 'missed' }],
    [{ _missed: 'ask' }, {}, 'start'],
    [{ _missed: 'ask' }, { isMissed: true }, 'hold'],
    [{ _missed: 'all' }, { ...missed, madeUp: MADE_UP }, 'hold'],
  ])('with %j and %j', (options, situation, verdict) => {
    expect(decideSession(readPolicy(options), { ...onTime, ...situation })).toEqual(verdict)
  })
})

const FRESH: Standing = {
  ...{ runAt: at('06:05:00'), sessionTime: at('06:00:00'), lastSessionTime: null },
  ...{ waitingSince: null, madeUp: 0, makeUpUntil: null },
}

/** Of one that comes at five past each hour. */
function plan(options: JsonObject, now: Date, standing: Partial<Standing> = {}, running = IDLE) {
  const dueAfter = (sessionTime: Date): Due => hourly(options, sessionTime) ?? NEVER
  const made = planSessions(readPolicy(options), { standing: { ...FRESH, ...standing }, running, dueAfter }, now)
  const { starts, skips, next, ...rest } = made
  const hour = ({ sessionTime }: { sessionTime: Date }) => sessionTime.toISOString().slice(11, 13)
  return {
    starts: starts.map(hour).join(' '),
    skips: skips.map((skip) => `${hour(skip)} ${skip.because}`).join(', '),
    next: hour(next),
    ...{ waitingSince: next.waitingSince, madeUp: next.madeUp },
    ...rest,
  }
}

function hourly(options: JsonObject, after: Date): Due | null {
  const schedule = readSchedule({ 'hourly>': '05:00', ...options }, 'UTC')
  if (schedule === null) throw new Error(JSON.stringify(options))
  return nextDue(schedule, after)
}

describe('a schedule', () => {
  const quiet = { skips: '', waitingSince: null, madeUp: 0, isHeld: false, mustStop: false }

  it.each<[string, JsonObject, Date, Partial<Standing>, Running, object]>([
    ['on time', {}, at('06:05:01'), {}, IDLE, { ...quiet, starts: '06', next: '07' }],
    ['not yet due', {}, at('06:04:59'), {}, IDLE, { ...quiet, starts: '', next: '06' }],
    ['that missed some', {}, at('09:30:00'), {}, IDLE, { ...quiet, starts: '06 07 08 09', next: '10', madeUp: 4 }],
    [
      'that missed many',
      ...([{}, at('20:00:00'), {}, IDLE] as const),
      { ...quiet, starts: '06 07 08 09 10 11 12 13 14 15', next: '16', madeUp: 10 },
    ],
    [
      'that has made up ten',
      ...([{}, at('20:00:00'), { madeUp: 10 }, IDLE] as const),
      { ...quiet, starts: '', next: '06', madeUp: 10, isHeld: true },
    ],
    [
      'whose missed ones somebody wants',
      ...([{}, at('20:00:00'), { madeUp: 10, makeUpUntil: at('19:59:00') }, IDLE] as const),
      { ...quiet, starts: '06 07 08 09 10 11 12 13 14 15', next: '16' },
    ],
    [
      'that makes up the last',
      ...([{ _missed: 'last' }, at('09:30:00'), {}, IDLE] as const),
      { ...quiet, starts: '09', skips: '06 missed, 07 missed, 08 missed', next: '10', madeUp: 1 },
    ],
    [
      'that makes up nothing',
      ...([{ _missed: 'none' }, at('09:30:00'), {}, IDLE] as const),
      { ...quiet, starts: '', skips: '06 missed, 07 missed, 08 missed, 09 missed', next: '10' },
    ],
    [
      'that makes up nothing and is hardly late',
      ...([{ _missed: 'none' }, at('07:09:59'), {}, IDLE] as const),
      { ...quiet, starts: '07', skips: '06 missed', next: '08' },
    ],
    ['that asks', { _missed: 'ask' }, at('07:05:01'), {}, IDLE, { ...quiet, starts: '', next: '06', isHeld: true }],
    ['that asks, on time', { _missed: 'ask' }, at('06:05:01'), {}, IDLE, { ...quiet, starts: '06', next: '07' }],
    [
      'that forbids, with one that runs',
      ...([{ _overlap: 'forbid' }, at('07:05:01'), {}, BUSY] as const),
      { ...quiet, starts: '', skips: '06 running, 07 running', next: '08' },
    ],
    [
      'that forbids, and missed some',
      ...([{ _overlap: 'forbid' }, at('07:05:01'), {}, IDLE] as const),
      { ...quiet, starts: '06', skips: '07 running', next: '08', madeUp: 1 },
    ],
    [
      'that queues, with one that runs',
      ...([{ _overlap: 'queue' }, at('06:05:01'), {}, BUSY] as const),
      { ...quiet, starts: '', next: '06', waitingSince: at('06:05:00') },
    ],
    [
      'that queued a whole morning, with nothing that runs any more',
      ...([{ _overlap: 'queue' }, at('12:00:00'), { waitingSince: at('06:05:00') }, IDLE] as const),
      { ...quiet, starts: '06', next: '07', waitingSince: at('06:05:00') },
    ],
    [
      'that queues and has caught up',
      ...([{ _overlap: 'queue' }, at('06:30:00'), { waitingSince: at('06:05:00') }, IDLE] as const),
      { ...quiet, starts: '06', next: '07' },
    ],
    [
      'that queues, and missed some',
      ...([{ _overlap: 'queue' }, at('12:00:00'), {}, IDLE] as const),
      { ...quiet, starts: '06', next: '07', madeUp: 1, waitingSince: at('12:00:00') },
    ],
    [
      'that queues, and has made up ten of those it missed',
      ...([{ _overlap: 'queue' }, at('12:00:00'), { madeUp: 10, waitingSince: at('12:00:00') }, IDLE] as const),
      { ...quiet, starts: '', next: '06', madeUp: 10, waitingSince: at('12:00:00'), isHeld: true },
    ],
    [
      'that replaces',
      ...([{ _overlap: 'replace' }, at('06:05:01'), {}, BUSY] as const),
      { ...quiet, starts: '', next: '06', waitingSince: at('06:05:00'), mustStop: true },
    ],
    [
      'that replaces, when the replaced one took long to stop',
      ...([{ _overlap: 'replace' }, at('08:10:00'), { waitingSince: at('06:05:00') }, IDLE] as const),
      { ...quiet, starts: '08', skips: '06 replaced, 07 replaced', next: '09' },
    ],
    [
      'that is over',
      ...([
        { end: '2026-03-28' },
        new Date('2026-03-29T00:00:00Z'),
        { sessionTime: at('23:00:00'), runAt: at('23:05:00') },
        IDLE,
      ] as const),
      { ...quiet, starts: '23', next: '00', madeUp: 1 },
    ],
  ])('%s', (_, options, now, standing, running, wanted) => {
    expect(plan(options, now, standing, running)).toEqual(wanted)
  })

  it('remembers the last of very many that it leaves out', () => {
    const { skips, next, starts } = plan({ skip_delayed_by: '1m' }, new Date('2026-04-28T06:30:00Z'))
    expect(skips.split(', ')).toHaveLength(SKIPS_KEPT)
    expect(skips.endsWith('05 late, 06 late')).toBe(true)
    expect({ next, starts }).toEqual({ next: '07', starts: '' })
  })

  /** Attempts come, run for a while and end; the schedule is looked at from time to time, and not at all for a while. */
  it(
    'that queues starts each session once, in order, and never two at a time, whenever it is looked at',
    () => {
      const minutes = fc.integer({ min: 1, max: 200 })
      const policy: SchedulePolicy = readPolicy({ _overlap: 'queue' })
      fc.assert(
        fc.property(
          fc.array(fc.record({ pause: minutes, lasts: minutes }), { minLength: 1, maxLength: 60 }),
          (looks) => {
            let standing = FRESH
            let [now, busyUntil] = [at('06:00:00').getTime(), 0]
            const started: string[] = []
            for (const { pause, lasts } of looks) {
              now += pause * 60_000
              const isBusy = now < busyUntil
              if (isBusy && standing.waitingSince !== null) continue // the database does not even show it
              const running = isBusy ? BUSY : IDLE
              const dueAfter = (session: Date): Due => hourly({}, session) ?? NEVER
              const made = planSessions(
                policy,
                { standing: { ...standing, makeUpUntil: new Date(now) }, running, dueAfter },
                new Date(now),
              )
              expect(made.skips).toEqual([])
              expect(made.starts.length).toBeLessThanOrEqual(isBusy ? 0 : 1)
              if (made.starts.length > 0) busyUntil = now + lasts * 60_000
              started.push(...made.starts.map(({ sessionTime }) => sessionTime.toISOString()))
              standing = made.next
            }
            const wanted = Array.from(started, (_, n) =>
              new Date(at('06:00:00').getTime() + n * 3_600_000).toISOString(),
            )
            expect(started).toEqual(wanted)
          },
        ),
        effort(300),
      )
    },
    PROPERTY_MS,
  )
})
