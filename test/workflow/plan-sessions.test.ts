import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { openCalendar } from '../../src/workflow/calendar.ts'
import {
  type Course,
  decideSession,
  MADE_UP,
  planSessions,
  type Running,
  type Situation,
  SKIPS_KEPT,
  type Skip,
  type Standing,
  type Verdict,
} from '../../src/workflow/plan-sessions.ts'
import { firstDue, NEVER, nextDue, readSchedule } from '../../src/workflow/schedule.ts'
import { MISSED, OVERLAPS, readPolicy } from '../../src/workflow/schedule-policy.ts'
import type { Due } from '../../src/workflow/workflow.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

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
  const made = planSessions(hourly(options), { standing: { ...FRESH, ...standing }, running }, now)
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

const hourly = (options: JsonObject) => courseOf({ 'hourly>': '05:00', ...options })

function courseOf(written: JsonObject, timezone = 'UTC', calendar = openCalendar()): Course {
  const schedule = readSchedule(written, timezone)
  if (schedule === null) throw new Error(JSON.stringify(written))
  return { schedule, calendar }
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
      const queued = hourly({ _overlap: 'queue' })
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
              const wanted = { ...standing, makeUpUntil: new Date(now) }
              const made = planSessions(queued, { standing: wanted, running }, new Date(now))
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

  it.each<[string, JsonObject, Running]>([
    ['is late', { skip_delayed_by: '60s' }, IDLE],
    ['was missed', { _missed: 'none' }, IDLE],
    ['was missed, but for the last', { _missed: 'last' }, IDLE],
    ['was replaced', { _overlap: 'replace' }, IDLE],
    ['came while another ran', { _overlap: 'forbid' }, BUSY],
  ])('leaps over 60 years of minutes of which each %s', (_, options, running) => {
    const { calendar, steps } = countSteps()
    const course = courseOf({ 'cron>': '* * * * *', ...options }, 'UTC', calendar)
    const standing = { ...FRESH, runAt: new Date(0), sessionTime: new Date(0) }
    const before = process.cpuUsage()
    const { next, skips } = planSessions(course, { standing, running }, new Date('2030-01-01T00:00:30Z'))
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(50)
    expect(steps()).toBeLessThan(50)
    expect(next.runAt).toEqual(new Date('2030-01-01T00:01:00Z'))
    expect(skips).toHaveLength(SKIPS_KEPT)
  })

  it(
    'comes to the same, leaping, as by walking from session to session',
    () => {
      const minutes = fc.integer({ min: 0, max: 6000 })
      const moment = fc.option(minutes, { nil: null })
      const one = fc.record({
        ...{
          written: fc.constantFrom<JsonObject>(...WRITTEN),
          zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Gaza'),
        },
        ...{ overlap: fc.constantFrom(...OVERLAPS), missed: fc.constantFrom(...MISSED) },
        ...{ late: fc.constantFrom(null, '0s', '90s', '3h', '2d'), bounds: fc.constantFrom<JsonObject>(...BOUNDS) },
        ...{ running: fc.constantFrom(IDLE, BUSY, STOPPING), madeUp: fc.integer({ min: 0, max: MADE_UP }) },
        ...{ away: minutes, waiting: moment, makeUp: moment, putOff: moment },
      })
      fc.assert(
        fc.property(one, ({ written, zone, overlap, missed, late, bounds, running, madeUp, ...moments }) => {
          const from = new Date('2026-03-27T20:00:00Z').getTime()
          const at = (after: number | null) => (after === null ? null : new Date(from + after * 60_000))
          const { calendar, steps } = countSteps()
          const skip: JsonObject = late === null ? {} : { skip_delayed_by: late }
          const options = { ...written, ...bounds, _overlap: overlap, _missed: missed, ...skip }
          const course = courseOf(options, zone, calendar)
          const due = firstDue(course.schedule, new Date(from)) ?? ENDED
          const put = { ...due, runAt: new Date(due.runAt.getTime() + (moments.putOff ?? 0) * 60_000) }
          const standing = {
            ...FRESH,
            ...put,
            waitingSince: at(moments.waiting),
            makeUpUntil: at(moments.makeUp),
            madeUp,
          }
          const now = new Date(from + moments.away * 60_000 + 1)
          const planned = planSessions(course, { standing, running }, now)
          expect(steps()).toBeLessThan(200)
          expect(planned).toEqual(walk(course, { standing, running }, now))
        }),
        effort(1000),
      )
    },
    PROPERTY_MS,
  )
})

const ENDED: Due = { runAt: NEVER, sessionTime: NEVER }
const WRITTEN = [
  { 'hourly>': '05:00' },
  { 'hourly>': '-05:00' },
  { 'hourly>': '200:00' },
  { 'daily>': '01:30:00' },
  { 'daily>': '-20:00:00' },
  { 'weekly>': 'Sat-Mon,30:00:00' },
  { 'cron>': '*/7 0-5 * * *' },
  { 'minutes_interval>': 40 },
  { 'seconds_interval>': 777 },
]
const BOUNDS = [{}, { end: '2026-03-29' }, { start: '2026-03-28' }, { start: '2026-03-29', end: '2026-03-30' }]

/** A calendar that counts what it is asked. */
function countSteps() {
  let count = 0
  const real = openCalendar()
  const counted = (ask: typeof real.nextDue): typeof real.nextDue => {
    return (schedule, at) => {
      count += 1
      return ask(schedule, at)
    }
  }
  const calendar = {
    ...{ firstDue: counted(real.firstDue), lastDue: counted(real.lastDue) },
    ...{ nextDue: counted(real.nextDue), previousDue: counted(real.previousDue) },
  }
  return { calendar, steps: () => count }
}

/** What planSessions does, in as many steps as there are sessions. */
function walk({ schedule }: Course, { standing, running }: { standing: Standing; running: Running }, now: Date) {
  const policy = readPolicy(schedule.options)
  const plan = { starts: [] as Standing[], skips: [] as Skip[], isHeld: false, mustStop: false }
  let next = standing
  while (next.runAt <= now && plan.starts.length < MADE_UP) {
    const after = nextDue(schedule, next.sessionTime) ?? ENDED
    const { runAt, sessionTime, waitingSince, makeUpUntil, madeUp } = next
    const isExpected = (waitingSince && runAt >= waitingSince) || (makeUpUntil && runAt <= makeUpUntil)
    const isLast = after.runAt > now
    const isMissed = !isExpected && (!isLast || now.getTime() - runAt.getTime() > 300_000)
    const runs = plan.starts.length > 0 ? BUSY : running
    const verdict = decideSession(policy, { runAt, madeUp, now, isMissed, isLast, running: runs })
    if (verdict === 'hold') return { ...plan, next, isHeld: true }
    if (verdict === 'wait' || verdict === 'replace') {
      const since = waitingSince ?? (isMissed ? now : runAt)
      return { ...plan, next: { ...next, waitingSince: since }, mustStop: verdict === 'replace' }
    }
    if (verdict === 'start') {
      plan.starts.push(next)
      next = { ...next, ...after, lastSessionTime: sessionTime, madeUp: isMissed ? madeUp + 1 : 0 }
    } else {
      plan.skips = [...plan.skips, { sessionTime, because: verdict.skip }].slice(-SKIPS_KEPT)
      next = { ...next, ...after }
    }
  }
  return { ...plan, next: next.runAt > now ? { ...next, waitingSince: null } : next }
}
