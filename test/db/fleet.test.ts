import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { listQueues, listWorkers } from '../../src/db/fleet.ts'
import { beatWorker, forgetOldCounts, type TaskCounts } from '../../src/db/work-counts.ts'
import { drainWorker, type NewWorker, putWorker, stopWorker } from '../../src/db/workers.ts'
import { startOne } from '../support/attempts.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('fleet')
afterAll(drop)
beforeEach(async () => {
  await sql`truncate workers, task_totals, queue_minutes, projects, tasks cascade`
})

const WORKER: NewWorker = {
  ...{ name: 'fra1/0', host: 'fra1', pid: 1, engine: '20.10', slots: 4, queues: ['default'], version: '1.2.3' },
  executor: 'docker',
}
const LOAD = { loadAverage: [0.5, 0.25, 0.125], usage: { maxRSS: 1 } }
const NOTHING = { tasks: [], queues: [] }
const hire = () => putWorker(sql, WORKER, new Date())
const later = (minutes: number) => new Date(Date.now() + minutes * 60_000)
const counts = (changes: Partial<TaskCounts>): TaskCounts => ({
  ...{ task: 'p/wf+a', started: 0, succeeded: 0, failed: 0, retried: 0, canceled: 0, runtimeSeconds: 0 },
  runtimeCounts: Array.from({ length: 15 }, () => 0),
  ...changes,
})

describe('a worker', () => {
  it('is online while it is heard, drains, stops, and is hired again', async () => {
    const id = await hire()
    const state = async (now = new Date()) => (await listWorkers(sql, now))[0]?.state
    expect(await state()).toBe('online')
    await drainWorker(sql, id, new Date())
    expect(await state()).toBe('draining')
    await stopWorker(sql, id, new Date())
    expect(await state()).toBe('stopped')
    expect(await hire()).toBe(id)
    expect(await state()).toBe('online')
  })

  it('is gone a quarter of a minute after its last beat, and is seen for a week', async () => {
    await hire()
    const stateIn = async (minutes: number) => (await listWorkers(sql, later(minutes)))[0]?.state
    expect(await stateIn(0.2)).toBe('online')
    expect(await stateIn(0.3)).toBe('gone')
    expect(await stateIn(6 * 24 * 60)).toBe('gone')
    expect(await stateIn(8 * 24 * 60)).toBe(undefined)
  })

  it('is heard by the clock of the database, whatever its own says', async () => {
    await putWorker(sql, WORKER, later(-60))
    expect(await listWorkers(sql, new Date())).toMatchObject([{ state: 'online' }])
  })

  it('adds up what it tells', async () => {
    const id = await hire()
    const queues = [{ queue: 'default', finished: 3 }]
    const bucket = (index: number) => counts({}).runtimeCounts.with(index, 1)
    const first = counts({ started: 4, succeeded: 1, failed: 1, runtimeSeconds: 0.5, runtimeCounts: bucket(2) })
    await beatWorker(sql, id, { tasks: [first], queues }, LOAD)
    const second = counts({ succeeded: 1, retried: 1, runtimeSeconds: 0.25, runtimeCounts: bucket(14) })
    await beatWorker(sql, id, { tasks: [second], queues: [{ queue: 'default', finished: 2 }] }, LOAD)
    await beatWorker(sql, id, NOTHING, LOAD)
    expect(await listWorkers(sql, new Date())).toMatchObject([
      { processed: 4, succeeded: 2, failed: 1, retried: 1, loadAverage: [0.5, 0.25, 0.125], version: '1.2.3' },
    ])
    expect(
      await sql`select started::int, succeeded::int, runtime_seconds, runtime_counts::int[] from task_totals`,
    ).toEqual([
      {
        started: 4,
        succeeded: 2,
        runtime_seconds: 0.75,
        runtime_counts: [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      },
    ])
    expect(await sql`select sum(finished)::int as sum from queue_minutes`).toEqual([{ sum: 5 }])
  })

  it('does not wait for another that tells of the same queues at the same moment', async () => {
    const ids = [await hire(), await putWorker(sql, { ...WORKER, name: 'fra1/1' }, new Date())]
    const names = ['a', 'b', 'c', 'd'].map((queue) => ({ queue, finished: 1 }))
    const beats = Array.from({ length: 100 }, (_, index) =>
      beatWorker(sql, ids[index % 2] ?? '', { tasks: [], queues: index % 2 ? names : names.toReversed() }, LOAD),
    )
    await Promise.all(beats)
    expect(await sql`select sum(finished)::int as sum from queue_minutes`).toEqual([{ sum: 400 }])
  })
})

describe('a queue', () => {
  const now = new Date('2026-03-28T06:14:30Z')
  const flow = (queue: string, minutesAgo: number, finished: number) =>
    sql`insert into queue_minutes values (${queue}, date_trunc('minute', ${now}::timestamptz) - make_interval(mins => ${minutesAgo}), ${finished})`

  it('says how fast it flows: the last five minutes, the one that is not over by what it has lasted', async () => {
    for (const [ago, finished] of [
      [59, 7],
      [5, 100],
      [4, 10],
      [0, 8],
      [60, 1],
      [-1, 1],
    ] as const)
      await flow('default', ago, finished)
    const [queue] = await listQueues(sql, now)
    expect(queue).toMatchObject({ queue: 'default', waiting: 0, oldestAt: null, online: 0, perMinute: 4 })
    expect(queue?.minutes).toHaveLength(60)
    expect(queue?.minutes[0]).toBe(7)
    expect(queue?.minutes.slice(-6)).toEqual([100, 10, 0, 0, 0, 8])
  })

  it('is known by what waits in it, who serves it, or what came out of it', async () => {
    await startOne(
      { sql, wakeUps: { ring: async () => {} } },
      {
        '+a': { 'sh>': 'x', _queue: 'gpu' },
        _parallel: true,
        '+b': { 'sh>': 'x', _queue: 'gpu' },
        '+c': { 'sh>': 'x', _queue: 'warehouse' },
      },
    )
    await hire()
    const gone = await putWorker(sql, { ...WORKER, name: 'fra1/9', queues: ['tpu'] }, new Date())
    await sql`update workers set heard_at = heard_at - interval '1 hour' where id = ${gone}`
    await flow('idle', 3, 1)
    expect(await listQueues(sql, new Date())).toMatchObject([
      { queue: 'default', waiting: 0, online: 1 },
      { queue: 'gpu', waiting: 2, online: 0 },
      { queue: 'tpu', waiting: 0, online: 0 },
      { queue: 'warehouse', waiting: 1, online: 0 },
    ])
    expect((await listQueues(sql, now)).map(({ queue }) => queue)).toContain('idle')
  })
})

describe('old counts', () => {
  it('are forgotten, and nothing else', async () => {
    const id = await hire()
    await beatWorker(sql, id, { tasks: [counts({}), counts({ task: 'old' })], queues: [] }, LOAD)
    await sql`update task_totals set changed_at = changed_at - interval '31 days' where task = 'old'`
    await sql`insert into queue_minutes values ('q', clock_timestamp() - interval '3 hours', 1), ('q', clock_timestamp(), 1)`
    await forgetOldCounts(sql, 10)
    expect(await sql`select task from task_totals`).toEqual([{ task: 'p/wf+a' }])
    expect(await sql`select count(*)::int from queue_minutes`).toEqual([{ count: 1 }])
  })
})
