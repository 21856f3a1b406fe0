import { afterAll, describe, expect, inject, it } from 'vitest'
import { retryAttempt } from '../../src/app/retry-attempt.ts'
import { type Start, startAttempt } from '../../src/app/start-attempt.ts'
import type { TaskEvent } from '../../src/attempt/decide.ts'
import type { AttemptId, WorkflowId } from '../../src/brand.ts'
import { openDatabase } from '../../src/db/sql.ts'
import {
  attemptState,
  FAILED,
  freshTime,
  makeWorker,
  makeWorkflow,
  now,
  openPorts,
  runAll,
  SUCCEEDED,
  startOne,
  statesOf,
} from '../support/attempts.ts'
import { eachBackend } from '../support/each-backend.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, schema, drop } = await openTestSchema('start-attempt')
const other = openDatabase(inject('databaseUrl'), { max: 5, schema })
afterAll(async () => {
  await other.end()
  await drop()
})
const workerId = await makeWorker(sql)
const echo = { 'echo>': 'x' }
const stored = (name: string): TaskEvent => ({ ...SUCCEEDED, result: { store: { [name]: 1 }, export: {}, reset: [] } })
const again = { workflowId: null, params: {}, startedBy: 'ana' }

eachBackend('starting an attempt', (open) => {
  const ports = openPorts(sql, open)
  const startOf = (workflowId: WorkflowId, rest: Partial<Start> = {}): Start => ({
    ...{ workflowId, sessionTime: freshTime(), params: {}, retryName: '', resume: null, startedBy: 'ana' },
    ...rest,
  })

  it('is a conflict with the one that has the name, and both sides may ask at once', async () => {
    const { workflowId } = await makeWorkflow(sql, { '+a': echo })
    const start = startOf(workflowId)
    const both = await Promise.all([ports, { ...ports, sql: other }].map((one) => startAttempt(one, start, now)))
    expect(both.map(({ kind }) => kind).sort()).toEqual(['conflict', 'started'])
    expect(new Set(both.map(({ attemptId }) => attemptId)).size).toBe(1)
    const named = await startAttempt(ports, { ...start, retryName: 'r1' }, now)
    expect(named.kind).toBe('started')
    expect(await sql`select index from attempts where id = ${named.attemptId}`).toEqual([{ index: 2 }])
    await runAll(ports, workerId, () => SUCCEEDED)
  })

  it('rings for what is ready, after it is there to be claimed', async () => {
    ports.rung.length = 0
    const id = await startOne(ports, { _parallel: true, '+a': echo, '+b': echo })
    expect(ports.rung.map(({ kind, queue, epoch }) => ({ kind, queue, epoch }))).toEqual([
      { kind: 'task', queue: 'default', epoch: '0' },
      { kind: 'task', queue: 'default', epoch: '0' },
    ])
    await runAll(ports, workerId, () => SUCCEEDED)
    expect(await attemptState(sql, id)).toBe('success')
  })

  it('keeps whole seconds, and knows its neighbours in the schedule', async () => {
    const config = { schedule: { 'daily>': '07:00:00' }, '+a': echo }
    const { workflowId } = await makeWorkflow(sql, config, { timezone: 'Europe/Berlin' })
    const sessionTime = new Date('2026-03-20T11:22:33.456Z')
    const { attemptId } = await startAttempt(
      ports,
      startOf(workflowId, { sessionTime, params: { last_session_time: 'x' } }),
      now,
    )
    const [row] =
      await sql`select params, session_time from attempts join sessions on sessions.id = session_id where attempts.id = ${attemptId}`
    expect(row).toEqual({
      params: { last_session_time: '2026-03-20T00:00:00+01:00', next_session_time: '2026-03-21T00:00:00+01:00' },
      session_time: new Date('2026-03-20T11:22:33Z'),
    })
    await runAll(ports, workerId, () => SUCCEEDED)
  })

  it('is refused beyond the limits, in words that name them', async () => {
    const { workflowId } = await makeWorkflow(sql, { '+a': echo, '+b': echo })
    const limited = (tasks: number, activeAttempts: number) =>
      startAttempt({ ...ports, limits: { tasks, activeAttempts } }, startOf(workflowId), now)
    await expect(limited(2, 9)).rejects.toThrow('Too many tasks. Limit: 2, Current: 0, Adding: 3')
    await expect(limited(9, 0)).rejects.toThrow('Too many attempts running. Limit: 0, Current: 0')
    expect(await sql`select from attempts where workflow_id = ${workflowId}`).toHaveLength(0)
  })

  it('is refused for a workflow that is not there', async () => {
    const start = startOf('4711' as WorkflowId)
    await expect(startAttempt(ports, start, now)).rejects.toMatchObject({
      code: 'not_found',
      message: 'Resource does not exist: workflow id=4711',
    })
  })

  describe('from where another one failed', () => {
    const config = {
      '+a': echo,
      '+l': { 'loop>': 3, _do: echo },
      '+g': { _parallel: true, '+x': echo, '+y': { ...echo, _error: echo } },
      '+z': echo,
    }
    const subtasks = { '+loop-0': echo, '+loop-1': echo, '+loop-2': echo }
    const outcomes =
      (...broken: string[]) =>
      (name: string): TaskEvent => {
        if (broken.includes(name)) return FAILED
        return name === '+wf+l' ? { ...SUCCEEDED, subtasks } : stored(name)
      }
    const resume = async (attemptId: AttemptId, how: { mode: 'failed' } | { mode: 'from'; from: string }) => {
      const retryName = `r${Math.random()}`
      return (await retryAttempt(ports, { ...again, attemptId, retryName, resume: how }, now)).attemptId
    }

    it('runs again only what has not succeeded, and keeps what the rest stored', async () => {
      const first = await startOne(ports, config)
      await runAll(ports, workerId, outcomes('+wf+g+y'))
      const second = await resume(first, { mode: 'failed' })
      expect(await runAll(ports, workerId, outcomes())).toEqual(['+wf+g+y', '+wf+z'])
      expect(await attemptState(sql, second)).toBe('success')
      const kept =
        await sql`select store_params as store from tasks where attempt_id = ${second} and full_name = '+wf+l^sub+loop-1'`
      expect(kept).toEqual([{ store: { '+wf+l^sub+loop-1': 1 } }])
    })

    it('runs a generator again, and of what it generates only what had failed', async () => {
      const first = await startOne(ports, config)
      await runAll(ports, workerId, outcomes('+wf+l^sub+loop-1'))
      const second = await resume(first, { mode: 'failed' })
      expect((await runAll(ports, workerId, outcomes())).slice(0, 3)).toEqual([
        '+wf+l',
        '+wf+l^sub+loop-1',
        '+wf+l^sub+loop-2',
      ])
      expect(await attemptState(sql, second)).toBe('success')
    })

    it('starts from a task that is named, though all had succeeded', async () => {
      const first = await startOne(ports, config)
      await runAll(ports, workerId, outcomes())
      await resume(first, { mode: 'from', from: '+g' })
      expect(await runAll(ports, workerId, outcomes())).toEqual(['+wf+g+x', '+wf+g+y', '+wf+z'])
      await expect(resume(first, { mode: 'from', from: '+nope' })).rejects.toThrow(
        "Task pattern '+nope' doesn't match with any tasks.",
      )
      await expect(resume(first, { mode: 'failed' })).rejects.toThrow(
        'Resuming successfully completed attempts is not supported',
      )
    })

    it('goes well after a group that was tried twice', async () => {
      const first = await startOne(ports, { '+g': { _retry: 1, '+x': echo, '+y': echo } })
      await runAll(ports, workerId, outcomes('+wf+g+y'))
      const second = await resume(first, { mode: 'failed' })
      expect(await runAll(ports, workerId, outcomes())).toEqual(['+wf+g+y'])
      expect(await statesOf(sql, second)).toEqual([
        '+wf success',
        '+wf+g success',
        '+wf+g+x success',
        '+wf+g+y success',
      ])
    })
  })
})
