import { afterAll, beforeEach, expect, inject, it, vi } from 'vitest'
import { scheduleLine } from '../../src/app/deploy-lines.ts'
import { enableSchedule } from '../../src/app/enable-schedule.ts'
import { enterEnvironment } from '../../src/app/enter-environment.ts'
import { finishTask } from '../../src/app/finish-task.ts'
import { runDueSchedules } from '../../src/app/run-schedules.ts'
import type { AttemptId, JsonObject, ScheduleId, WorkflowId } from '../../src/brand.ts'
import { lockDueSchedules } from '../../src/db/due-schedules.ts'
import { findOrNameInstallation } from '../../src/db/installation.ts'
import { syncSchedules } from '../../src/db/schedules.ts'
import { openDatabase } from '../../src/db/sql.ts'
import { readSchedule } from '../../src/workflow/schedule.ts'
import {
  claimTasks,
  makeWorker,
  makeWorkflow,
  now,
  openPorts,
  runAll,
  SUCCEEDED,
  startOne,
} from '../support/attempts.ts'
import { eachBackend } from '../support/each-backend.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop, schema } = await openTestSchema('run-schedules')
const other = openDatabase(inject('databaseUrl'), { max: 5, schema })
afterAll(async () => {
  await other.end({ timeout: 1 })
  await drop()
})

const at = (time: string) => new Date(`2026-03-28T${time}Z`)
const hourly = (options: JsonObject = {}) => ({ schedule: { 'hourly>': '05:00', ...options }, '+a': { 'echo>': 'x' } })

async function schedule(config: JsonObject, from = at('06:00:00'), startOff = false) {
  const { projectId, workflowId } = await makeWorkflow(sql, config)
  const workflows = [{ workflowId, name: 'wf', schedule: readSchedule(config.schedule ?? null, 'UTC') }]
  return sql.begin((tx) => syncSchedules(tx, { projectId, workflows, startOff, from, clear: [], now: from }))
}
/** Of as many workflows, all due at 06:05. */
async function scheduleMany(count: number) {
  const { projectId, workflowId } = await makeWorkflow(sql, hourly())
  await sql`
    insert into workflows (project_id, revision_id, name, timezone, config)
    select project_id, revision_id, 'wf-' || number, timezone, config from workflows, generate_series(1, ${count}) as number where id = ${workflowId}`
  await sql`
    insert into schedules (project_id, workflow_id, workflow_name, next_run_at, next_session_time, created_at, updated_at)
    select project_id, id, name, ${at('06:05:00')}, ${at('06:00:00')}, ${at('06:00:00')}, ${at('06:00:00')}
    from workflows where project_id = ${projectId} and name like 'wf-%'`
}
const sessions = async () =>
  (await sql<{ at: Date }[]>`select session_time as at from sessions order by 1`).map((row) =>
    row.at.toISOString().slice(11, 16),
  )

eachBackend('schedules', (open) => {
  const ports = openPorts(sql, open)
  beforeEach(async () => {
    await sql`truncate projects, sessions, attempts, tasks, schedules cascade`
    await sql`update limits set used = 0`
  })

  it('that one web works on are passed over by the others, and do not hold them up', async () => {
    await scheduleMany(3)
    const due = at('06:05:00')
    await sql.begin(async (tx) => {
      expect(await lockDueSchedules(tx, 2, due)).toHaveLength(2)
      expect(await lockDueSchedules(other, 9, due)).toHaveLength(1)
    })
  })

  it('say what a push changes', async () => {
    const push = async (config: JsonObject) => (await schedule(config)).map((change) => scheduleLine(change).trim())
    expect(await push(hourly())).toEqual(['+ wf   hourly> 05:00, next 2026-03-28 06:05 UTC'])
    expect(await push(hourly())).toEqual([])
    expect(await push({ schedule: { 'daily>': '07:00:00' }, '+a': {} })).toEqual([
      '~ wf   hourly> 05:00 -> daily> 07:00:00, next 2026-03-28 07:00 UTC',
    ])
    expect(await push({ '+a': {} })).toEqual(['- wf   daily> 07:00:00'])
  })

  it('that have run go on behind their last session when they are written otherwise, and anew when a push clears them', async () => {
    await schedule(hourly())
    await runDueSchedules(ports, at('06:05:00'))
    const push = async (config: JsonObject, clear: 'all' | readonly string[] = []) => {
      const { projectId, workflowId } = await makeWorkflow(sql, config)
      const workflows = [{ workflowId, name: 'wf', schedule: readSchedule(config.schedule ?? null, 'UTC') }]
      const wish = { projectId, workflows, startOff: false, from: at('09:30:00'), clear, now: at('09:30:00') }
      const [change] = await sql.begin((tx) => syncSchedules(tx, wish))
      return change?.nextRunAt
    }
    const often = { schedule: { 'minutes_interval>': 20 }, '+a': {} }
    expect(await push(often)).toEqual(at('06:20:00'))
    expect(await push(hourly(), ['other'])).toEqual(at('07:05:00'))
    expect(await push(often, ['wf'])).toEqual(at('09:40:00'))
    expect(await push(hourly(), 'all')).toEqual(at('10:05:00'))
  })

  it('start switched off where they are told to, and stay as a person has set them', async () => {
    const push = async () =>
      (await schedule(hourly(), at('06:00:00'), true)).map((change) => scheduleLine(change).trim())
    expect(await push()).toEqual(['+ wf   hourly> 05:00, switched off'])
    expect(await runDueSchedules(ports, at('06:05:00'))).toBeNull()
    await sql`update schedules set disabled_at = null`
    await push()
    await runDueSchedules(ports, at('06:05:00'))
    expect(await sessions()).toEqual(['06:00'])
  })

  it('are switched off when their database comes to another environment, once', async () => {
    await findOrNameInstallation(sql)
    await schedule(hourly())
    const enter = (environment: string | null, quiet = environment) =>
      enterEnvironment(sql, { environment, quietEnvironment: quiet }, at('06:00:00'))
    expect(await enter('production', null)).toBe(0)
    expect(await enter('staging')).toBe(1)
    await sql`update schedules set disabled_at = null`
    expect(await enter('staging')).toBe(0)
    expect(await runDueSchedules(ports, at('06:04:00'))).toEqual(at('06:05:00'))
    await enter(null)
  })

  it('start each session once, though two webs look at the same moment', async () => {
    await schedule(hourly())
    const both = await Promise.all([ports, { ...ports, sql: other }].map((one) => runDueSchedules(one, at('06:05:00'))))
    expect(await sessions()).toEqual(['06:00'])
    expect(both).toContainEqual(at('07:05:00'))
    expect(await runDueSchedules(ports, at('06:06:00'))).toEqual(at('07:05:00'))
    expect(await sessions()).toEqual(['06:00'])
  })

  it('make up what was missed, each session for its own time', async () => {
    await schedule(hourly())
    await runDueSchedules(ports, at('09:30:00'))
    expect(await sessions()).toEqual(['06:00', '07:00', '08:00', '09:00'])
    const params = await sql<
      { last: string | null }[]
    >`select params ->> 'last_executed_session_time' as last from attempts order by id`
    expect(params.map(({ last }) => last)).toEqual([
      null,
      '2026-03-28T06:00:00+00:00',
      '2026-03-28T07:00:00+00:00',
      '2026-03-28T08:00:00+00:00',
    ])
  })

  it('stop for a person after ten', async () => {
    await schedule(hourly())
    expect(await runDueSchedules(ports, new Date('2026-03-30T00:00:00Z'))).toBe(null)
    expect(await sessions()).toHaveLength(10)
    expect(await sql`select held_at is not null as held from schedules`).toEqual([{ held: true }])
  })

  it('skip what is late, or overtaken, when asked to', async () => {
    await schedule(hourly({ skip_delayed_by: '10m' }))
    await runDueSchedules(ports, at('07:06:00'))
    expect(await sessions()).toEqual(['07:00'])
    await sql`truncate sessions, attempts, tasks, schedules cascade`
    await schedule(hourly({ skip_on_overtime: true }))
    await runDueSchedules(ports, at('07:06:00'))
    expect(await sessions()).toEqual(['06:00'])
  })

  it('skip all that is late, however much it is, without a person', async () => {
    await schedule(hourly({ skip_delayed_by: '10m' }))
    expect(await runDueSchedules(ports, new Date('2026-03-30T00:06:00Z'))).toEqual(new Date('2026-03-30T01:05:00Z'))
    expect(await sql`select session_time as at from sessions`).toEqual([{ at: new Date('2026-03-30T00:00:00Z') }])
  })

  it('are not put off by a database that goes away in the middle', async () => {
    await schedule(hourly())
    const holder = await sql.reserve()
    await holder`begin`
    await holder`select from limits for update`
    const cut = runDueSchedules(ports, at('06:05:00')).catch((error: unknown) => error)
    const [{ holding }] = await holder<[{ holding: number }]>`select pg_backend_pid() as holding`
    await vi.waitUntil(
      async () =>
        (
          await other`
        select pg_terminate_backend(pid) from pg_stat_activity where ${holding} = any(pg_blocking_pids(pid))`
        ).length > 0,
      { timeout: 20_000 },
    )
    expect(await cut).toBeInstanceOf(Error)
    await holder`rollback`
    holder.release()
    await runDueSchedules(ports, at('06:05:02'))
    expect(await sessions()).toEqual(['06:00'])
  })

  it('start together, and each once, whoever else is at it', async () => {
    await scheduleMany(120)
    const both = [ports, { ...ports, sql: other }].map((one) => runDueSchedules(one, at('06:05:00')))
    await Promise.all(both)
    await runDueSchedules(ports, at('06:05:00')) // what one had locked when the other looked
    expect(await sessions()).toEqual(Array.from({ length: 120 }, () => '06:00'))
    expect(await sql`select count(*)::int as ready from tasks where state = 'ready'`).toEqual([{ ready: 120 }])
    expect(await sql`select used::int from limits where name = 'active_attempts'`).toEqual([{ used: 120 }])
    expect(new Set(ports.rung.slice(-120).map(({ id }) => id)).size).toBe(120)
  })

  it('do not keep each other: a bug in one, or a limit, meets only its own', async () => {
    await scheduleMany(60)
    await sql`
      update workflows set config = '{"schedule":{"no>":"such"}}' where id = (select workflow_id from schedules order by id offset 30 limit 1)`
    const room = { ...ports, limits: { tasks: 10, activeAttempts: 57 } }
    await expect(runDueSchedules(room, at('06:05:00'))).rejects.toThrow('cannot be read')
    expect(await runDueSchedules(room, at('06:05:00'))).toEqual(at('06:15:00'))
    expect(await sessions()).toHaveLength(57)
    await runDueSchedules(ports, at('06:15:00'))
    expect(await sessions()).toHaveLength(59)
  })

  it('try the same session again when too many attempts run', async () => {
    await schedule(hourly())
    const none = { ...ports, limits: { tasks: 10, activeAttempts: 0 } }
    expect(await runDueSchedules(none, at('06:05:00'))).toEqual(at('06:15:00'))
    expect(await sessions()).toEqual([])
    await runDueSchedules(ports, at('06:15:00'))
    expect(await sessions()).toEqual(['06:00'])
  })

  it('tell why a session could not be started, until it is or a push may have mended it', async () => {
    const because = async () =>
      (await sql<{ why: string | null }[]>`select refused_because as why from schedules`)[0]?.why
    await schedule({ ...hourly(), sla: { duration: 'soon' } })
    await runDueSchedules(ports, at('06:05:00'))
    expect(await because()).toBe(
      'SLA duration option needs to be HH:MM or HH:MM:SS format: Optional.absent(). Correct sla: in the workflow, and push it again.',
    )
    await schedule(hourly())
    expect(await because()).toBeNull()
    await runDueSchedules({ ...ports, limits: { tasks: 10, activeAttempts: 0 } }, at('06:06:00'))
    expect(await because()).toMatch(/^Too many attempts running/)
    await runDueSchedules(ports, at('06:16:00'))
    expect([await because(), await sessions()]).toEqual([null, ['06:00']])
  })

  const standing = async () => {
    const [row] = await sql<{ next: Date; waiting: Date | null; held: boolean; madeUp: number }[]>`
      select next_session_time as next, waiting_since as waiting, held_at is not null as held, made_up as "madeUp" from schedules`
    return {
      ...row,
      next: row?.next.toISOString().slice(11, 16),
      waiting: row?.waiting?.toISOString().slice(11, 19) ?? null,
    }
  }
  const skips = async () =>
    (
      await sql<{ at: Date; because: string }[]>`select session_time as at, because from skipped_sessions order by 1`
    ).map(({ at, because }) => `${at.toISOString().slice(11, 16)} ${because}`)
  const attempts = async () =>
    (
      await sql<{ id: AttemptId; line: string }[]>`
      select id, state || coalesce(' asked by ' || cancel_requested_by, '') as line from attempts order by id`
    ).map(({ line }) => line)
  const finishAll = async () => runAll(ports, await makeWorker(sql), () => SUCCEEDED)

  it('that queue wait until what runs has ended, and go on in order', async () => {
    await schedule(hourly({ _overlap: 'queue' }))
    await runDueSchedules(ports, at('06:05:00'))
    for (const time of ['07:05:00', '08:05:00', '09:05:00']) expect(await runDueSchedules(ports, at(time))).toBeNull()
    expect(await sessions()).toEqual(['06:00'])
    expect(await standing()).toEqual({ next: '07:00', waiting: '07:05:00', held: false, madeUp: 0 })
    await finishAll()
    await Promise.all([ports, { ...ports, sql: other }].map((one) => runDueSchedules(one, at('09:10:00'))))
    expect(await sessions()).toEqual(['06:00', '07:00'])
    await finishAll()
    await runDueSchedules(ports, at('09:20:00'))
    await finishAll()
    expect(await runDueSchedules(ports, at('09:30:00'))).toEqual(at('10:05:00'))
    expect(await sessions()).toEqual(['06:00', '07:00', '08:00', '09:00'])
    expect(await standing()).toEqual({ next: '10:00', waiting: null, held: false, madeUp: 0 })
    expect(await skips()).toEqual([])
  })

  it('that queue wait for attempts that people start, too', async () => {
    await schedule(hourly({ _overlap: 'queue' }))
    const [{ workflowId }] = await sql<[{ workflowId: WorkflowId }]>`select workflow_id as "workflowId" from schedules`
    await startOne(ports, {}, { workflowId })
    await runDueSchedules(ports, at('06:05:00'))
    expect(await standing()).toMatchObject({ next: '06:00', waiting: '06:05:00' })
    await finishAll()
    await runDueSchedules(ports, at('06:06:00'))
    expect(await standing()).toMatchObject({ next: '07:00', waiting: null })
  })

  it('that replace ask what runs to stop, and start when it has', async () => {
    await schedule(hourly({ _overlap: 'replace' }))
    await runDueSchedules(ports, at('06:05:00'))
    const [claim] = await claimTasks(sql, await makeWorker(sql))
    await runDueSchedules(ports, at('07:05:00'))
    expect(await attempts()).toEqual(['running asked by schedule'])
    expect(await sessions()).toEqual(['06:00'])
    await runDueSchedules(ports, at('07:05:02'))
    if (claim === undefined) throw new Error('nothing to claim')
    await finishTask(ports, { claim, event: { kind: 'canceled', exitCause: 'stopped' } }, now)
    await runDueSchedules(ports, at('07:05:04'))
    expect(await attempts()).toEqual(['canceled asked by schedule', 'running'])
    expect(await sessions()).toEqual(['06:00', '07:00'])
  })

  it('that replace what has not begun start at once, and its place is free', async () => {
    await schedule(hourly({ _overlap: 'replace' }))
    await runDueSchedules(ports, at('06:05:00'))
    await runDueSchedules(ports, at('07:05:00'))
    expect(await attempts()).toEqual(['canceled asked by schedule', 'running'])
    expect(await sql`select used::int from limits where name = 'active_attempts'`).toEqual([{ used: 1 }])
  })

  it('that forbid leave out a session while another one runs, and say so', async () => {
    await schedule(hourly({ _overlap: 'forbid' }))
    await runDueSchedules(ports, at('06:05:00'))
    await runDueSchedules(ports, at('07:05:00'))
    expect(await sessions()).toEqual(['06:00'])
    expect(await skips()).toEqual(['07:00 running'])
    expect(await standing()).toMatchObject({ next: '08:00', waiting: null })
  })

  it.each([
    ['last', ['09:00'], ['06:00 missed', '07:00 missed', '08:00 missed']],
    ['none', [], ['06:00 missed', '07:00 missed', '08:00 missed', '09:00 missed']],
  ])('that make up %s of what they missed start %j', async (_missed, started, left) => {
    await schedule(hourly({ _missed }))
    expect(await runDueSchedules(ports, at('09:30:00'))).toEqual(at('10:05:00'))
    expect(await sessions()).toEqual(started)
    expect(await skips()).toEqual(left)
  })

  it('that ask start nothing until a person decides: to make it up, or to leave it out', async () => {
    await schedule(hourly({ _missed: 'ask' }))
    expect(await runDueSchedules(ports, at('09:30:00'))).toBeNull()
    expect(await sessions()).toEqual([])
    expect(await standing()).toMatchObject({ next: '06:00', held: true })
    const [{ id }] = await sql<[{ id: ScheduleId }]>`select id from schedules`
    await enableSchedule(sql, id, { kind: 'make up' }, at('09:31:00'))
    expect(await runDueSchedules(ports, at('09:31:01'))).toEqual(at('10:05:00'))
    expect(await sessions()).toEqual(['06:00', '07:00', '08:00', '09:00'])
    await runDueSchedules(ports, at('13:30:00'))
    expect(await standing()).toMatchObject({ next: '10:00', held: true })
    await enableSchedule(sql, id, { kind: 'leave out', before: at('13:31:00') }, at('13:31:00'))
    expect(await runDueSchedules(ports, at('13:31:01'))).toEqual(at('14:05:00'))
    expect(await sessions()).toHaveLength(4)
  })

  it('that have ended leave out what was missed, when a person wants it', async () => {
    await schedule(hourly({ _missed: 'ask', end: '2026-03-28' }))
    const later = new Date('2026-03-29T12:00:00Z')
    await runDueSchedules(ports, later)
    expect(await standing()).toMatchObject({ next: '06:00', held: true })
    const [{ id }] = await sql<[{ id: ScheduleId }]>`select id from schedules`
    const enabled = await enableSchedule(sql, id, { kind: 'leave out', before: later }, later)
    expect(enabled).toMatchObject({ heldAt: null, nextRunAt: new Date('9999-01-01T00:00:00Z') })
    await runDueSchedules(ports, later)
    expect(await sessions()).toEqual([])
  })

  it('that are enabled while a push is under way go on as that push has them', async () => {
    await schedule(hourly())
    const [{ id }] = await sql<[{ id: ScheduleId }]>`select id from schedules`
    const config = { schedule: { 'daily>': '07:00:00' }, '+a': { 'echo>': 'x' } }
    const { projectId, workflowId } = await makeWorkflow(sql, config)
    const workflows = [{ workflowId, name: 'wf', schedule: readSchedule(config.schedule, 'UTC') }]
    const from = at('06:00:00')
    const enabled = await sql.begin(async (tx) => {
      await syncSchedules(tx, { projectId, workflows, startOff: false, from, clear: [], now: from })
      const [{ pushing }] = await tx<[{ pushing: number }]>`select pg_backend_pid() as pushing`
      const enabling = enableSchedule(other, id, { kind: 'leave out', before: at('06:30:00') }, at('06:30:00'))
      const isWaiting = async () =>
        (await tx`select from pg_stat_activity where ${pushing} = any(pg_blocking_pids(pid))`).length > 0
      await vi.waitUntil(isWaiting, { timeout: 20_000 })
      return { enabling }
    })
    expect(await enabled.enabling).toMatchObject({ nextRunAt: at('07:00:00') })
  })

  it('that are pushed without _overlap: queue wait no more', async () => {
    await schedule(hourly({ _overlap: 'queue' }))
    await runDueSchedules(ports, at('06:05:00'))
    await runDueSchedules(ports, at('07:05:00'))
    await schedule(hourly({ _overlap: 'queue', _missed: 'last' }))
    expect(await standing()).toMatchObject({ next: '07:00', waiting: '07:05:00' })
    await schedule(hourly())
    expect(await standing()).toMatchObject({ next: '07:00', waiting: null })
    await runDueSchedules(ports, at('08:06:00'))
    expect(await sessions()).toEqual(['06:00', '07:00', '08:00'])
  })

  it('make up all that a person wants, however much it is', async () => {
    await schedule(hourly())
    const later = new Date('2026-03-30T00:00:00Z')
    await runDueSchedules(ports, later)
    const [{ id }] = await sql<[{ id: ScheduleId }]>`select id from schedules`
    await enableSchedule(sql, id, { kind: 'make up' }, later)
    expect(await runDueSchedules(ports, later)).toEqual(new Date('2026-03-30T00:05:00Z'))
    expect(await sessions()).toHaveLength(42)
  })

  it('run only in their environments, and there although new ones start switched off', async () => {
    const line = async (environment: string | readonly string[], startOff = false) =>
      (await schedule(hourly({ _environment: environment }), at('06:00:00'), startOff)).map((one) =>
        scheduleLine(one).trim(),
      )
    expect(await line('production')).toEqual(['+ wf   hourly> 05:00, only in production'])
    expect(await runDueSchedules(ports, at('06:05:00'))).toBeNull()
    expect(await sessions()).toEqual([])
    await findOrNameInstallation(sql)
    await enterEnvironment(sql, { environment: 'production', quietEnvironment: null }, at('06:00:00'))
    expect(await runDueSchedules(ports, at('06:05:00'))).toEqual(at('07:05:00'))
    await enterEnvironment(sql, { environment: null, quietEnvironment: null }, at('06:00:00'))
    await sql`truncate schedules cascade`
    expect(await line(['production', 'development'], true)).toEqual(['+ wf   hourly> 05:00, next 2026-03-28 06:05 UTC'])
    await runDueSchedules(ports, at('06:05:00'))
    expect(await sessions()).toEqual(['06:00'])
  })
})
