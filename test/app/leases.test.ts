import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { type Held, Leases } from '../../src/app/leases.ts'
import { openWork } from '../../src/app/work.ts'
import type { AttemptId, TaskId } from '../../src/brand.ts'
import { openDatabase } from '../../src/db/sql.ts'
import { OPERATORS } from '../../src/operators/all.ts'
import { makeWorker, startOne, statesOf } from '../support/attempts.ts'
import { openFakeExecutor } from '../support/fake-executor.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('leases')
afterAll(drop)
afterEach(() => void vi.restoreAllMocks())

const ignore = () => {}
const rest = { fenceMs: 0, onRenewed: async () => {}, report: ignore }

/** The process stood still for so long: stopped, or its machine moved. */
function sleepFor(ms: number) {
  const { now } = performance
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + ms)
}

it('let a worker write when they are renewed, not before and not after', async () => {
  const leases = new Leases({ ...rest, sql, workerId: await makeWorker(sql) })
  const isAllowed = async () => {
    let allowed = false
    void leases.trusted().then(() => (allowed = true))
    await new Promise(setImmediate)
    return allowed
  }
  expect(await isAllowed()).toBe(false)
  await leases.renew()
  expect(await isAllowed()).toBe(true)
  sleepFor(9_500)
  expect(await isAllowed()).toBe(false)
  leases.close()
})

it('end what may be started elsewhere when they cannot be renewed, and nothing else', async () => {
  const away = openDatabase('postgres://nobody@127.0.0.1:1/nothing', { max: 1 })
  const leases = new Leases({ ...rest, sql: away, workerId: '1' })
  const gone: string[] = []
  const hold = (id: string, mayStartElsewhere: boolean) => {
    const claim: Held['claim'] = { id: id as TaskId, epoch: '1', attemptId: '1' as AttemptId }
    leases.hold({ claim, onCancel: ignore, onGone: () => gone.push(id), mayStartElsewhere: () => mayStartElsewhere })
  }
  hold('1', true)
  hold('2', false)
  await leases.renew()
  leases.close()
  await away.end()
  expect(gone).toEqual(['1'])
})

it('keep a worker from claiming while they have lapsed', async () => {
  const { executor } = openFakeExecutor()
  const ports = { sql, wakeUps: { ring: async () => {} }, executor, operators: OPERATORS, now: () => new Date() }
  const openSource = async () => ({ unpack: async () => {}, read: () => undefined })
  const evaluate = () => ({ ok: true, texts: [''], usedMs: 0 }) as const
  const expressions = { evaluate, findBroken: () => ({ broken: [], usedMs: 0 }) }
  const limits = { memoryBytes: 1, cpus: 1, pids: 1 }
  const amounts = { slots: 1, limits, logBytes: 1, timeMs: 60_000, graceMs: 1, fenceMs: 300_000 }
  const who = { workerName: 'w2', version: '0', host: 'h', pid: 1, engine: null, queues: ['default'] }
  const work = await openWork({ ...ports, expressions, openSource, report: ignore }, { ...who, ...amounts })
  await work.look()
  sleepFor(60_000)
  const id = await startOne(ports, { '+a': { 'echo>': 'x' } })
  await work.look()
  expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+a ready'])
  await work.close()
})
