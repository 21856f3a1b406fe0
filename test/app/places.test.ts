import { afterAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { finishTask } from '../../src/app/finish-task.ts'
import { sweep } from '../../src/app/sweep.ts'
import type { AttemptId, JsonObject } from '../../src/brand.ts'
import { openHints } from '../../src/db/hints.ts'
import { listQueueWorkers } from '../../src/db/pages/attempt.ts'
import { leavePlaceIfUnused, leavePlacesOfOtherQueues } from '../../src/db/places.ts'
import { openDatabase } from '../../src/db/sql.ts'
import { type Claim, claimReadyTaskOf } from '../../src/db/tasks.ts'
import { claimTasks, makeWorker, nameOf, now, openPorts, SUCCEEDED, startOne } from '../support/attempts.ts'
import { eachBackend } from '../support/each-backend.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, schema, drop } = await openTestSchema('places')
const other = openDatabase(inject('databaseUrl'), { max: 5, schema })
const hints = await openHints(sql)
afterAll(async () => {
  await hints.close()
  await other.end()
  await drop()
})
const first = await makeWorker(sql, 'w1')
const second = await makeWorker(sql, 'w2')
const echo = { 'echo>': 'x' }
const THREE: JsonObject = { _parallel: true, '+a': echo, '+b': echo, '+c': echo }
const SWEEP = { fenceMs: 300_000, looksForLost: true }

const namesOf = async (claims: readonly Claim[]) =>
  (await Promise.all(claims.map((claim) => nameOf(sql, claim)))).toSorted()
const heard = (worker: string, secondsAgo: number) =>
  sql`update workers set heard_at = clock_timestamp() - make_interval(secs => ${secondsAgo}) where id = ${worker}`

/** Whether somebody stands before a place that another transaction is about to take. */
async function isAwaited(): Promise<boolean> {
  const waiting = await sql`
    select from pg_stat_activity where wait_event_type = 'Lock' and query like '%into attempt_places%'`
  return waiting.length > 0
}

eachBackend('the place of an attempt', (open) => {
  const ports = { ...openPorts(sql, open), report: (error: unknown) => expect.unreachable(String(error)) }
  const begin = (taskId: string, workerId: string) => sql`
    with log as (insert into logs default values returning id)
    insert into task_runs (task_id, epoch, worker_id, log_id, started_at) select ${taskId}, 1, ${workerId}, id, ${now} from log`
  beforeEach(async () => {
    await sql`update tasks set state = 'blocked', worker_id = null, lease_until = null where state in ('ready', 'running')`
    await sql`delete from attempt_places`
    for (const worker of [first, second]) await heard(worker, 0)
  })

  it('is with the worker that took its first task: the others leave all that is ready in it to that worker', async () => {
    await startOne(ports, THREE)
    const [one] = await claimTasks(sql, first, 1)
    const beside = await startOne(ports, { '+only': echo })
    expect(await namesOf(await claimTasks(sql, second))).toEqual(['+wf+only'])
    expect(await claimReadyTaskOf(sql, one?.attemptId as AttemptId, claimOf(second), now)).toBeUndefined()
    expect(await namesOf(await claimTasks(sql, first))).toEqual(['+wf+b', '+wf+c'])
    expect(await sql`select attempt_id as id from attempt_places where worker_id = ${second}`).toEqual([{ id: beside }])
  })

  const claimOf = (workerId: string) => ({ workerId, queues: ['default'], leaseSeconds: 10 })

  it('is one place however many ask at the same moment', async () => {
    const many = 40
    for (let n = 0; n < many; n++) await startOne(ports, THREE)
    for (let left = 3 * many; left > 0; ) {
      const asked = Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0 ? claimTasks(sql, first, 2) : claimTasks(other, second, 2),
      )
      left -= (await Promise.all(asked)).flat().length
    }
    const shared = await sql`
      select attempt_id from tasks where state = 'running' group by attempt_id having count(distinct worker_id) > 1`
    expect(shared).toEqual([])
  })

  it('costs the worker that was too late for it no other attempt', async () => {
    const contested = await startOne(ports, THREE)
    const beside = await startOne(ports, { '+only': echo })
    let late: Promise<readonly Claim[]> | undefined
    await other.begin(async (tx) => {
      await tx`insert into attempt_places (attempt_id, queue, worker_id) values (${contested}, 'default', ${first})`
      late = claimTasks(sql, second, 3) // sees three tasks, and waits for the place of their attempt
      await vi.waitUntil(isAwaited, 20_000)
    })
    expect((await late)?.map(({ attemptId }) => attemptId)).toEqual([beside])
  })

  it('hears of what is ready there, whoever made it ready and whoever hears the ring', async () => {
    await startOne(ports, { '+a': echo, '+g': THREE })
    const [one] = await claimTasks(sql, first, 1)
    const told = new Promise<void>((resolve) => hints.hear(`worker:${first}`, resolve))
    await finishTask(ports, { claim: one as Claim, event: SUCCEEDED }, now)
    await told
    expect(await claimTasks(sql, second)).toEqual([])
    expect(await claimTasks(sql, first)).toHaveLength(3)
  })

  it('is known where people ask why a task waits', async () => {
    const id = await startOne(ports, THREE)
    expect(await listQueueWorkers(sql, id, new Date())).toMatchObject([{ queue: 'default', online: 2, holder: null }])
    await claimTasks(sql, first, 1)
    const [queue] = await listQueueWorkers(sql, id, new Date())
    const holder = { name: 'w1', slots: 4, busy: 1, isOnline: true, isDraining: false, problem: null }
    expect(queue).toMatchObject({ online: 2, slots: 8, busy: 1 })
    expect(queue?.holder).toEqual({ ...holder, silentMs: expect.any(Number) })
  })

  describe('is left', () => {
    const take = async () => {
      const id = await startOne(ports, THREE)
      const [claim] = await claimTasks(sql, first, 1)
      return { id, claim: claim as Claim }
    }
    const canSecond = async () => (await claimTasks(sql, second)).length > 0

    it('when nobody has heard its worker for a minute, and not before', async () => {
      await take()
      await heard(first, 50)
      await sweep(ports, SWEEP, now)
      expect(await canSecond()).toBe(false)
      await heard(first, 70)
      await sweep(ports, { ...SWEEP, looksForLost: false }, now) // the database was away, and its worker could not be heard
      expect(await canSecond()).toBe(false)
      await sweep(ports, SWEEP, now)
      expect(await canSecond()).toBe(true)
    })

    it('when its worker comes again for other queues', async () => {
      await take()
      await leavePlacesOfOtherQueues(sql, first, ['gpu', 'default'])
      expect(await canSecond()).toBe(false)
      await leavePlacesOfOtherQueues(sql, first, ['gpu'])
      expect(await canSecond()).toBe(true)
    })

    it('when its worker could start nothing there', async () => {
      const { id, claim } = await take()
      await begin(claim.id, first)
      await leavePlaceIfUnused(sql, id, first)
      expect(await canSecond()).toBe(false)
      await sql`delete from task_runs where task_id = ${claim.id}`
      await leavePlaceIfUnused(sql, id, first)
      expect(await canSecond()).toBe(false) // it is about to start it
      const wait = { kind: 'postponed', retryAt: now, exitCause: 'no engine' } as const
      await finishTask(ports, { claim, event: wait }, now)
      await leavePlaceIfUnused(sql, id, first)
      expect(await canSecond()).toBe(true)
    })

    it('when the attempt is over', async () => {
      await startOne(ports, { '+only': echo })
      const [claim] = await claimTasks(sql, first)
      expect(await sql`select from attempt_places`).toHaveLength(1)
      await finishTask(ports, { claim: claim as Claim, event: SUCCEEDED }, now)
      expect(await sql`select from attempt_places`).toHaveLength(0)
    })
  })
})
