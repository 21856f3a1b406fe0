import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openWork } from '../../src/app/work.ts'
import type { AttemptId, Digest } from '../../src/brand.ts'
import { openHints } from '../../src/db/hints.ts'
import { listLogChunks } from '../../src/db/logs.ts'
import { openExpressions } from '../../src/expression/sandbox.ts'
import { OPERATORS } from '../../src/operators/all.ts'
import type { Executor } from '../../src/spool/executor.ts'
import { attemptState, openPorts, startOne } from '../support/attempts.ts'
import { eachBackend } from '../support/each-backend.ts'
import { openAdapter } from '../support/executors.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('work-for-real')
const hints = await openHints(sql)
const home = await mkdtemp(join(tmpdir(), 'sluice-work-'))
afterAll(async () => {
  await hints.close()
  await drop()
  await rm(home, { recursive: true, force: true })
})

const source = {
  unpack: (folder: string) => writeFile(join(folder, 'data.txt'), 'seven\n'),
  read: (path: string) => (path === 'sub.dig' ? '+c:\n  echo>: called\n' : undefined),
}

eachBackend('a worker with real commands', (open) => {
  const ports = openPorts(sql, open)
  let executor: Executor & { leave(): void }
  beforeAll(async () => {
    executor = await openAdapter('process', home)
  })
  afterAll(async () => executor.leave())
  const employ = async (over: Executor = executor) => {
    const expressions = await openExpressions()
    const openSource = async (_: Digest) => source
    const report = (error: unknown) => expect.unreachable(String(error))
    const all = {
      ...ports,
      executor: over,
      expressions,
      operators: OPERATORS,
      openSource,
      hints,
      report,
      now: () => new Date(),
    }
    const limits = { memoryBytes: 2 ** 29, cpus: 1, pids: 100 }
    const times = { timeMs: 60_000, graceMs: 1000, fenceMs: 300_000 }
    const who = { workerName: 'real', host: 'h', pid: 1, engine: null, version: '0', slots: 2, queues: ['default'] }
    const work = await openWork(all, { ...who, ...times, limits, logBytes: 1_000_000 })
    const close = async () => {
      await work.close()
      expressions.close()
    }
    return { work, close }
  }
  const until = (id: AttemptId, state: string) =>
    vi.waitUntil(async () => (await attemptState(sql, id)) === state, { timeout: 25_000, interval: 20 })
  async function logOf(id: AttemptId, fullName: string) {
    const [task] =
      await sql`select log_id from tasks where attempt_id = ${id} and full_name = ${fullName} order by id desc`
    const chunks = task?.log_id ? await listLogChunks(sql, task.log_id, 0, 10_000) : []
    return chunks.map(({ bytes }) => bytes.toString()).join('')
  }

  it('passes files and params from task to task, evaluates, and loops', async () => {
    const { work, close } = await employ()
    const id = await startOne(ports, {
      _export: { who: '${session_date}' },
      '+make': { 'sh>': 'cat data.txt; echo made > made.txt; echo \'{"store":{"rows":3}}\' > "$SLUICE_OUTPUT"' },
      '+use': { 'sh>': 'cat made.txt; echo ${rows * 2} $who' },
      '+each': { 'for_each>': { x: ['p', 'q'] }, _do: { 'sh>': 'echo got ${x}' } },
    })
    await work.look()
    await until(id, 'success')
    expect(await logOf(id, '+wf+make')).toMatch(/\nseven\n$/)
    expect(await logOf(id, '+wf+use')).toMatch(/\nmade\n6 2026-03-28\n$/)
    expect(await logOf(id, '+wf+each^sub+for-0=x=1=q')).toMatch(/\ngot q\n$/)
    await close()
  })

  it('adopts a command that went on writing, and loses no line of it', async () => {
    const first = await employ()
    const count = 'i=0; while [ $i -lt 150 ]; do i=$((i+1)); echo line $i; sleep 0.01; done'
    const id = await startOne(ports, { '+a': { 'sh>': count } })
    await first.work.look()
    await vi.waitUntil(async () => (await logOf(id, '+wf+a')).includes('line 5\n'), { timeout: 25_000, interval: 20 })
    await first.close()
    executor.leave() // as a process that ends: nothing of this may touch the command
    const successor = await openAdapter('process', home)
    const second = await employ(successor)
    await until(id, 'success')
    const lines = (await logOf(id, '+wf+a')).split('\n').filter((line) => line.startsWith('line '))
    expect(lines).toEqual(Array.from({ length: 150 }, (_, n) => `line ${n + 1}`))
    expect(await sql`select starts from tasks where attempt_id = ${id} and full_name = '+wf+a'`).toEqual([
      { starts: 1 },
    ])
    await second.close()
    executor = successor
  })
})
