import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { cancelAttempt } from '../../src/app/cancel-attempt.ts'
import { decideUnknown } from '../../src/app/decide-unknown.ts'
import { finishTask } from '../../src/app/finish-task.ts'
import { openTime } from '../../src/app/keep-time.ts'
import { sweep } from '../../src/app/sweep.ts'
import type { AttemptId } from '../../src/brand.ts'
import { lockAttempt } from '../../src/db/attempts.ts'
import { insertTaskRun } from '../../src/db/task-runs.ts'
import { beginTaskIfClaimed, type Claim, renewLeases } from '../../src/db/tasks.ts'
import {
  attemptState,
  claimTasks,
  FAILED,
  makeWorker,
  now,
  openPorts,
  runAll,
  SUCCEEDED,
  startOne,
  statesOf,
} from '../support/attempts.ts'
import { eachBackend } from '../support/each-backend.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('sweep')
afterAll(drop)
const workerId = await makeWorker(sql)
const echo = { 'echo>': 'x' }
const OPTIONS = { fenceMs: 300_000, looksForLost: true }
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const RETRY = { limit: 1, intervalMs: 0, backoff: 'constant', maxIntervalMs: null, onLoss: true } as const

async function claimOne(): Promise<Claim> {
  const [claim] = await claimTasks(sql, workerId, 1)
  if (claim === undefined) throw new Error('nothing was claimed')
  return claim
}
const begin = async (claim: Claim, rest: { isRetryable: boolean; retry: typeof RETRY | null }) => {
  const logId = await insertTaskRun(sql, claim, { workerId, head: '' }, now)
  await beginTaskIfClaimed(sql, claim, { logId, ...rest }, now)
}
const silence = (id: AttemptId, seconds: number) => sql`
  update tasks set lease_until = clock_timestamp() - make_interval(secs => ${seconds}), next_check_at = clock_timestamp() - interval '1 s'
  where attempt_id = ${id} and state = 'running'`

eachBackend('the sweep', (open) => {
  const reported: unknown[] = []
  const ports = { ...openPorts(sql, open), report: (error: unknown) => void reported.push(error) }
  afterEach(() => expect(reported.splice(0)).toEqual([]))
  beforeEach(async () => {
    await sql`truncate sessions, attempts, tasks, task_runs cascade`
    await sql`update limits set used = 0`
    ports.rung.length = 0
  })

  it('rings again for what is ready and silent, and not at every look', async () => {
    await startOne(ports, { '+a': echo })
    for (const at of [after(1), after(6), after(8), after(17)]) await sweep(ports, OPTIONS, at)
    expect(ports.rung).toHaveLength(3) // at its start, after 5 s, and 10 s later
  })

  it('tells an attempt once that it is late', async () => {
    const sla = { duration: '00:01', '+n': echo }
    const id = await startOne(ports, { sla, '+a': echo })
    await sweep(ports, OPTIONS, after(59))
    expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+a ready'])
    for (const at of [60, 120]) await Promise.all([1, 2].map(() => sweep(ports, OPTIONS, after(at))))
    const told = ['+wf^sla^alert ready', '+wf^sla planned', '+wf^sla+n ready']
    expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+a ready', ...told])
    await runAll(ports, workerId, () => SUCCEEDED)
    expect(await attemptState(sql, id)).toBe('success')
  })

  it('goes on past an attempt that cannot be told that it is late', async () => {
    const sla = { duration: '00:01' }
    const [stuck, other] = [await startOne(ports, { sla, '+a': echo }), await startOne(ports, { sla, '+a': echo })]
    await sql`alter table tasks add constraint stuck check (attempt_id <> ${sql.unsafe(stuck)} or full_name not like '%^sla%')`
    try {
      for (const at of [60, 62]) await sweep(ports, OPTIONS, after(at))
    } finally {
      await sql`alter table tasks drop constraint stuck`
    }
    expect(await statesOf(sql, other)).toContain('+wf^sla^alert ready')
    expect(reported.splice(0)).toHaveLength(1) // and not at every look
    await sweep(ports, OPTIONS, after(71))
    expect(await statesOf(sql, stuck)).toContain('+wf^sla^alert ready')
  })

  it('tells nobody who is over, or never late', async () => {
    const ids = [
      await startOne(ports, { sla: { duration: '00:01' }, '+a': echo }),
      await startOne(ports, { '+a': echo }),
    ]
    await runAll(ports, workerId, () => SUCCEEDED)
    await sweep(ports, OPTIONS, after(60))
    for (const id of ids) expect(await statesOf(sql, id)).toEqual(['+wf success', '+wf+a success'])
  })

  it('moves what has waited long enough', async () => {
    const id = await startOne(ports, { '+g': { _retry: { limit: 1, interval: 60 }, '+a': echo } })
    await finishTask(ports, { claim: await claimOne(), event: FAILED }, now)
    await sweep(ports, OPTIONS, after(59))
    expect((await statesOf(sql, id))[1]).toBe('+wf+g group_retry_waiting')
    await Promise.all([sweep(ports, OPTIONS, after(60)), sweep(ports, OPTIONS, after(60))])
    expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+g planned', '+wf+g+a error', '+wf+g+a ready'])
  })

  it('goes on past a task that cannot be moved', async () => {
    const [stuck, other] = [await startOne(ports, { '+a': echo }), await startOne(ports, { '+a': echo })]
    const wait = { kind: 'postponed', retryAt: after(5), exitCause: 'no engine' } as const
    for (const claim of await claimTasks(sql, workerId)) await finishTask(ports, { claim, event: wait }, now)
    await sql`alter table tasks add constraint stuck check (attempt_id <> ${sql.unsafe(stuck)} or state <> 'ready')`
    try {
      await sweep(ports, OPTIONS, after(6))
      await sweep(ports, OPTIONS, after(8))
    } finally {
      await sql`alter table tasks drop constraint stuck`
    }
    expect((await statesOf(sql, other))[1]).toBe('+wf+a ready')
    expect(reported.splice(0)).toHaveLength(1) // and not at every look
    await sweep(ports, OPTIONS, after(17))
    expect((await statesOf(sql, stuck))[1]).toBe('+wf+a ready')
  })

  it('moves what is due though many more wait for a slot, or for a worker that is gone', async () => {
    const id = await startOne(ports, { '+a': echo })
    const claim = await claimOne()
    const wait = { kind: 'postponed', retryAt: after(60), exitCause: 'no engine' } as const
    await finishTask(ports, { claim, event: wait }, now)
    const names = Array.from({ length: 600 }, (_, i) => [`+t${i}`, echo])
    const crowds = [1, 2].map(() => startOne(ports, { _parallel: true, ...Object.fromEntries(names) }))
    const [lost] = await Promise.all(crowds)
    for (const one of await claimTasks(sql, workerId, 1200))
      if (one.attemptId === lost) await begin(one, { isRetryable: true, retry: RETRY })
      else
        await sql`update tasks set state = 'ready', lease_until = null, ready_at = ${now}, next_check_at = ${now} where id = ${one.id}`
    if (lost !== undefined) await silence(lost, 100)
    for (const at of [after(61), after(63)]) await sweep(ports, OPTIONS, at)
    expect((await statesOf(sql, id))[1]).toBe('+wf+a ready')
  })

  it.each([
    ['gives away at once what was claimed and never begun', null, 1, 'ready'],
    ['leaves what may not be repeated to its worker for a minute', { isRetryable: false, retry: null }, 30, 'running'],
    ['calls it unknown then', { isRetryable: false, retry: null }, 61, 'unknown'],
    ['waits for the fence before it repeats', { isRetryable: true, retry: RETRY }, 300, 'running'],
    ['repeats by `_retry` after it', { isRetryable: true, retry: RETRY }, 331, 'ready'],
    ['repeats what does no harm', { isRetryable: true, retry: null }, 331, 'ready'],
  ] as const)('%s', async (_, begun, seconds, state) => {
    const id = await startOne(ports, { '+a': echo })
    const claim = await claimOne()
    if (begun !== null) await begin(claim, begun)
    await silence(id, seconds)
    await sweep(ports, OPTIONS, new Date())
    expect((await statesOf(sql, id))[1]).toBe(`+wf+a ${state}`)
  })

  it('gives up nothing that its worker leases again at this very moment', async () => {
    const id = await startOne(ports, { '+a': echo })
    const claim = await claimOne()
    await begin(claim, { isRetryable: false, retry: null })
    await silence(id, 61)
    let swept = Promise.resolve()
    await sql.begin(async (tx) => {
      await lockAttempt(tx, id)
      swept = sweep(ports, OPTIONS, new Date())
      const waits = () => sql`select from pg_locks where locktype = 'tuple' and relation = 'attempts'::regclass`
      await vi.waitUntil(async () => (await waits()).length > 0, { timeout: 20_000, interval: 10 })
      expect(await renewLeases(sql, workerId, [claim], 10)).toHaveLength(1)
    })
    await swept
    expect((await statesOf(sql, id))[1]).toBe('+wf+a running')
  })

  it('looks for nothing lost while leases may still be renewed', async () => {
    const id = await startOne(ports, { '+a': echo })
    await claimOne()
    await silence(id, 1000)
    await sweep(ports, { ...OPTIONS, looksForLost: false }, new Date())
    expect((await statesOf(sql, id))[1]).toBe('+wf+a running')
  })

  it('gives nothing away that begins at the very moment: its start waits for us, or we for it', async () => {
    const id = await startOne(ports, { '+a': echo })
    const claim = await claimOne()
    await silence(id, 30)
    let sweeping: Promise<void> = Promise.resolve()
    await sql.begin(async (tx) => {
      const logId = await insertTaskRun(tx, claim, { workerId, head: '' }, now)
      await beginTaskIfClaimed(tx, claim, { logId, isRetryable: false, retry: null }, now)
      sweeping = sweep(ports, OPTIONS, new Date())
      const isWaiting = async () => {
        const [one] = await sql`
          select from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`
        return one !== undefined
      }
      await vi.waitUntil(isWaiting, { timeout: 10_000 })
    })
    await sweeping
    expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+a running'])
  })

  it('leaves what is unknown to a person', async () => {
    const id = await startOne(ports, { '+a': echo, '+b': echo })
    const claim = await claimOne()
    await begin(claim, { isRetryable: false, retry: null })
    await silence(id, 61)
    await sweep(ports, OPTIONS, new Date())
    expect(await decideUnknown(ports, { taskId: claim.id, as: 'retry', who: 'ana' }, now)).toBe('decided')
    expect(await decideUnknown(ports, { taskId: claim.id, as: 'error', who: 'bob' }, now)).toBe('not unknown')
    expect(await runAll(ports, workerId, () => SUCCEEDED)).toEqual(['+wf+a', '+wf+b'])
    expect(await attemptState(sql, id)).toBe('success')
    expect((await finishTask(ports, { claim, event: FAILED }, now)).outcome).toBe('stale')
  })

  it.each([
    ['a lost start', (_: Claim) => Promise.resolve('decided')],
    ['what a person decides', ({ id }: Claim) => decideUnknown(ports, { taskId: id, as: 'success', who: 'ana' }, now)],
    ['what a kill cancels', ({ attemptId }: Claim) => cancelAttempt(ports, attemptId, 'ana', now)],
  ] as const)('closes the log of %s, and not while its worker may come back', async (what, end) => {
    const id = await startOne(ports, { '+a': echo })
    const claim = await claimOne()
    const isRetryable = what === 'a lost start'
    await begin(claim, { isRetryable, retry: null })
    const closedAt = async () => {
      const rows = await sql`select closed_at from logs join task_runs on log_id = logs.id where task_id = ${claim.id}`
      return rows[0]?.closed_at
    }
    await silence(id, isRetryable ? 331 : 61)
    const sweptAt = new Date()
    await sweep(ports, OPTIONS, sweptAt)
    expect(await closedAt()).toEqual(isRetryable ? sweptAt : null)
    expect(['decided', 'canceling']).toContain(await end(claim))
    expect(await closedAt()).toEqual(isRetryable ? sweptAt : now)
  })

  it('goes on by itself, one keeper among many', async () => {
    const id = await startOne(ports, { '+a': { ...echo, _retry: { limit: 1, interval: 60 } } })
    const claim = await claimOne()
    await begin(claim, { isRetryable: true, retry: { ...RETRY, limit: 1 } })
    await sql`update tasks set retry = '{"limit":1,"intervalMs":60000,"backoff":"constant","maxIntervalMs":null,"onLoss":true}' where id = ${claim.id}`
    await finishTask(ports, { claim, event: FAILED }, now)
    const keepers = [1, 2].map(() => openTime({ ...ports, now: () => after(61) }, OPTIONS))
    await expect.poll(() => statesOf(sql, id), { timeout: 10_000 }).toContain('+wf+a ready')
    await Promise.all(keepers.map((keeper) => keeper.close()))
  })
})
