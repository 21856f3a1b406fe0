import { afterAll, describe, expect, it } from 'vitest'
import { cancelAttempt } from '../../src/app/cancel-attempt.ts'
import { finishTask } from '../../src/app/finish-task.ts'
import type { TaskEvent } from '../../src/attempt/decide.ts'
import { claimReadyTasks } from '../../src/db/tasks.ts'
import {
  attemptState,
  claimTasks,
  FAILED,
  makeWorker,
  makeWorkflow,
  nameOf,
  now,
  openPorts,
  runAll,
  SUCCEEDED,
  startOne,
  statesOf,
} from '../support/attempts.ts'
import { eachBackend } from '../support/each-backend.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('finish-task')
afterAll(drop)
const workerId = await makeWorker(sql)
const echo = (text = 'x') => ({ 'echo>': text })
const failing =
  (...names: string[]) =>
  (fullName: string): TaskEvent =>
    names.includes(fullName) ? FAILED : SUCCEEDED

eachBackend('finishing tasks', (open) => {
  const ports = openPorts(sql, open)
  describe('an attempt', () => {
    it('runs its tasks one after the other and ends', async () => {
      const id = await startOne(ports, { '+a': echo(), '+g': { '+b': echo(), '+c': echo() }, '+e': {}, '+d': echo() })
      expect(await runAll(ports, workerId, () => SUCCEEDED)).toEqual(['+wf+a', '+wf+g+b', '+wf+g+c', '+wf+d'])
      expect(await attemptState(sql, id)).toBe('success')
      expect(await sql`select used from limits`).toEqual([{ used: '0' }])
    })

    it('lets what waited for a failed task wait for good', async () => {
      const id = await startOne(ports, { '+a': echo(), '+b': echo() })
      await runAll(ports, workerId, failing('+wf+a'))
      expect(await statesOf(sql, id)).toEqual([
        '+wf group_error',
        '+wf+a error',
        '+wf+b blocked',
        '+wf^failure-alert success',
      ])
      expect(await attemptState(sql, id)).toBe('error')
    })

    it('is over at once when there is nothing to do in it', async () => {
      const id = await startOne(ports, { '+a': {}, '+b': { '+c': {} } })
      expect(await attemptState(sql, id)).toBe('success')
    })
  })

  describe('a queue', () => {
    const queuesOf = async (id: string) => {
      const rows = await sql<{ line: string }[]>`
        select full_name || ' ' || queue as line from tasks where attempt_id = ${id} order by id`
      return rows.map(({ line }) => line)
    }

    it('that is named by a group holds for all in it, for what it generates and for its tries again', async () => {
      const inner = { '+b': echo(), '+c': { _queue: 'default', '+d': echo() } }
      const id = await startOne(ports, { '+g': { _queue: 'gpu', _retry: 1, '+a': echo(), '+i': inner }, '+e': echo() })
      const planned = ['+wf+g gpu', '+wf+g+a gpu', '+wf+g+i gpu', '+wf+g+i+b gpu', '+wf+g+i+c default']
      const first = ['+wf default', ...planned, '+wf+g+i+c+d default', '+wf+e default']
      expect(await queuesOf(id)).toEqual(first)
      expect(await claimTasks(sql, workerId)).toEqual([])
      const claim = { workerId, queues: ['gpu'], limit: 1, leaseSeconds: 10 }
      for (const event of [{ ...SUCCEEDED, subtasks: { '+s': echo() } }, FAILED])
        for (const one of await claimReadyTasks(sql, claim, now)) await finishTask(ports, { claim: one, event }, now)
      const again = ['+wf+g+a gpu', '+wf+g+i gpu', '+wf+g+i+b gpu', '+wf+g+i+c default', '+wf+g+i+c+d default']
      expect(await queuesOf(id)).toEqual([...first, '+wf+g+a^sub gpu', '+wf+g+a^sub+s gpu', ...again])
      await cancelAttempt(ports, id, 'ana', now)
    })
  })

  describe('a group that fails', () => {
    it('runs again with copies of all its tasks, and groups in it do too', async () => {
      const inner = { _retry: 1, '+x': echo(), '+y': echo() }
      const id = await startOne(ports, { '+g': { _retry: 1, '+in': inner } })
      const order = await runAll(ports, workerId, failing('+wf+g+in+y'))
      expect(order.filter((name) => name === '+wf+g+in+y')).toHaveLength(4)
      expect(order.filter((name) => name === '+wf+g+in+x')).toHaveLength(4)
      expect(await attemptState(sql, id)).toBe('error')
    })

    it('succeeds when the second round does', async () => {
      let tries = 0
      const id = await startOne(ports, { '+g': { _retry: 2, '+x': echo() }, '+after': echo() })
      await runAll(ports, workerId, (name) => (name === '+wf+g+x' && tries++ === 0 ? FAILED : SUCCEEDED))
      expect(await statesOf(sql, id)).toEqual([
        '+wf success',
        '+wf+g success',
        '+wf+g+x error',
        '+wf+after success',
        '+wf+g+x success',
      ])
    })

    it('shows its `_error` task what went wrong below', async () => {
      const id = await startOne(ports, { '+g': { _error: echo(), '+x': echo() } })
      await runAll(ports, workerId, failing('+wf+g+x'))
      expect(await statesOf(sql, id)).toContain('+wf+g group_error')
      const [handler] =
        await sql`select static_export from tasks where full_name = '+wf+g^error' and attempt_id = ${id}`
      expect(handler).toEqual({ static_export: { error: { message: 'it broke' } } })
    })
  })

  describe('an operator', () => {
    const generates: TaskEvent = { ...SUCCEEDED, subtasks: { '+one': echo(), '+two': echo() } }

    it('waits for its subtasks, then for its check', async () => {
      const id = await startOne(ports, { '+l': { 'loop>': 2, _check: echo() }, '+z': echo() })
      const order = await runAll(ports, workerId, (name) => (name === '+wf+l' ? generates : SUCCEEDED))
      expect(order).toEqual(['+wf+l', '+wf+l^sub+one', '+wf+l^sub+two', '+wf+l^check', '+wf+z'])
      expect(await attemptState(sql, id)).toBe('success')
    })

    it('starts over when its subtasks fail and `_retry` is left, and then only the new ones count', async () => {
      let tries = 0
      const id = await startOne(ports, { '+l': { 'loop>': 2, _retry: 1 } })
      await runAll(ports, workerId, (name) => {
        if (name === '+wf+l') return tries++ === 0 ? generates : SUCCEEDED
        return FAILED
      })
      expect(await attemptState(sql, id)).toBe('success')
    })

    it('that fails stays failed though its `_error` task succeeds', async () => {
      const id = await startOne(ports, { '+a': { ...echo(), _error: echo() } })
      expect(await runAll(ports, workerId, failing('+wf+a'))).toEqual(['+wf+a', '+wf+a^error', '+wf^failure-alert'])
      expect((await statesOf(sql, id))[1]).toBe('+wf+a error')
    })

    it('fails when its subtasks would be too many', async () => {
      const limited = { ...ports, limits: { tasks: 3, activeAttempts: 10 } }
      const id = await startOne(limited, { '+l': { 'loop>': 2 } })
      await runAll(limited, workerId, (name) => (name === '+wf+l' ? generates : SUCCEEDED))
      const [task] = await sql`select error from tasks where full_name = '+wf+l' and attempt_id = ${id}`
      expect(task).toEqual({
        error: {
          message: 'Too many tasks. Limit: 3, Current: 2, Adding: 3 (task limit exceeded)',
          stacktrace: 'at +wf+l',
        },
      })
    })
  })

  describe('a result', () => {
    it('of an old epoch, or told twice, changes nothing', async () => {
      await startOne(ports, { '+a': echo(), '+b': echo() })
      const [claim] = await claimTasks(sql, workerId)
      if (claim === undefined) throw new Error('nothing was claimed')
      expect((await finishTask(ports, { claim: { ...claim, epoch: '0' }, event: FAILED }, now)).outcome).toBe('stale')
      expect((await finishTask(ports, { claim, event: SUCCEEDED }, now)).outcome).toBe('finished')
      expect((await finishTask(ports, { claim, event: FAILED }, now)).outcome).toBe('stale')
      await runAll(ports, workerId, () => SUCCEEDED)
    })

    it('is rung for when everybody can see it', async () => {
      const seen: string[] = []
      const ring: typeof ports.wakeUps.ring = async (rings) => {
        const ids = rings.map(({ id }) => id)
        const rows = await sql<{ state: string }[]>`select state from tasks where id = any(${ids}::bigint[])`
        seen.push(...rows.map(({ state }) => state))
      }
      await startOne({ ...ports, wakeUps: { ring } }, { '+a': echo(), '+b': echo() })
      for (const claim of await claimTasks(sql, workerId))
        await finishTask({ ...ports, wakeUps: { ring } }, { claim, event: SUCCEEDED }, now)
      expect(seen).toEqual(['ready', 'ready'])
      await runAll(ports, workerId, () => SUCCEEDED)
    })

    it('brings the next task of the attempt with it, which is not rung for', async () => {
      await startOne(ports, { '+a': echo(), '+b': echo() })
      const [claim] = await claimTasks(sql, workerId)
      if (claim === undefined) throw new Error('nothing was claimed')
      ports.rung.length = 0
      const next = { workerId, queues: ['default'], leaseSeconds: 10 }
      const finished = await finishTask(ports, { claim, event: SUCCEEDED, next }, now)
      expect(finished.next && (await nameOf(sql, finished.next))).toBe('+wf+b')
      expect(ports.rung).toEqual([])
      if (finished.next) await finishTask(ports, { claim: finished.next, event: SUCCEEDED }, now)
    })
  })

  describe('a canceled attempt', () => {
    it('ends at once where nothing runs', async () => {
      const id = await startOne(ports, { '+a': echo(), '+b': echo() })
      expect(await cancelAttempt(ports, id, 'ana', now)).toBe('canceling')
      expect(await statesOf(sql, id)).toEqual(['+wf canceled', '+wf+a canceled', '+wf+b blocked'])
      expect(await attemptState(sql, id)).toBe('canceled')
      expect(await cancelAttempt(ports, id, 'ana', now)).toBe('already over')
    })

    it('ends when what runs has stopped; its result does not count, no `_error` runs', async () => {
      const id = await startOne(ports, { _error: echo(), '+g': { '+a': { ...echo(), _error: echo() } }, '+b': echo() })
      const [claim] = await claimTasks(sql, workerId)
      if (claim === undefined) throw new Error('nothing was claimed')
      await cancelAttempt(ports, id, 'ana', now)
      expect(await cancelAttempt(ports, id, 'bob', now)).toBe('canceling')
      expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+g planned', '+wf+g+a running', '+wf+b blocked'])
      await finishTask(ports, { claim, event: FAILED }, now)
      expect(await statesOf(sql, id)).toEqual(['+wf canceled', '+wf+g canceled', '+wf+g+a canceled', '+wf+b blocked'])
      expect(await attemptState(sql, id)).toBe('canceled')
    })

    it('does not run a waiting group once more', async () => {
      const id = await startOne(ports, { '+g': { _retry: { limit: 1, interval: 60 }, '+x': echo() } })
      await runAll(ports, workerId, () => FAILED)
      expect((await statesOf(sql, id))[1]).toBe('+wf+g group_retry_waiting')
      await cancelAttempt(ports, id, 'ana', now)
      expect(await attemptState(sql, id)).toBe('canceled')
      expect(await claimTasks(sql, workerId)).toEqual([])
    })
  })

  describe('siblings that finish at the same instant', () => {
    it('never leave their attempt standing still', async () => {
      const { workflowId } = await makeWorkflow(sql, { _parallel: true, '+a': echo(), '+b': echo() })
      for (let i = 0; i < 300; i++) await startOne(ports, {}, { workflowId })
      const claims = [...(await claimTasks(sql, workerId, 600))].sort((a, b) => Number(a.id) - Number(b.id))
      await Promise.all(claims.map((claim) => finishTask(ports, { claim, event: SUCCEEDED }, now)))
      expect(
        await sql`select state, count(*)::int from attempts where workflow_id = ${workflowId} group by state`,
      ).toEqual([{ state: 'success', count: 300 }])
    }, 180_000)
  })
})
