import { afterAll, afterEach, expect, inject, it, vi } from 'vitest'
import { type Admission, openAdmission } from '../../src/app/admission.ts'
import { cancelAttempt } from '../../src/app/cancel-attempt.ts'
import { sweep } from '../../src/app/sweep.ts'
import { openWork, type Work } from '../../src/app/work.ts'
import type { AttemptId, JsonObject } from '../../src/brand.ts'
import { listWorkers } from '../../src/db/fleet.ts'
import { openHints } from '../../src/db/hints.ts'
import { listLogChunks } from '../../src/db/logs.ts'
import { openDatabase } from '../../src/db/sql.ts'
import { OPERATORS } from '../../src/operators/all.ts'
import type { Command } from '../../src/spool/executor.ts'
import type { Expressions } from '../../src/workflow/workflow.ts'
import { attemptState, openPorts, startOne, statesOf } from '../support/attempts.ts'
import { eachBackend } from '../support/each-backend.ts'
import { type FakeRun, openFakeExecutor } from '../support/fake-executor.ts'
import { openProxy } from '../support/proxy.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, schema, drop } = await openTestSchema('work')
const hints = await openHints(sql)
afterAll(async () => {
  await hints.close()
  await drop()
})

/** `${name}` of the scope, which is all that these tests ask for. */
const expressions: Expressions = {
  findBroken: () => ({ broken: [], usedMs: 0 }),
  evaluate: (codes, { params, nearer }) => ({
    ...{ ok: true, texts: codes.map((code) => String({ ...params, ...nearer }[code.trim()])), usedMs: 0 },
  }),
}
const OPTIONS = {
  workerName: 'w1',
  host: 'h',
  pid: 1,
  engine: null,
  version: '0',
  slots: 4,
  queues: ['default'],
  limits: { memoryBytes: 2 ** 29, cpus: 1, pids: 100 },
  logBytes: 10_000,
  timeMs: 60_000,
  graceMs: 100,
  fenceMs: 300_000,
}
const sh = (text: string, rest: JsonObject = {}) => ({ 'sh>': text, ...rest })
const textOf = (command: Command) => command.files['runner.sh'] ?? ''

eachBackend('a worker', (open) => {
  const ports = openPorts(sql, open)
  const reported: unknown[] = []
  const opened: Work[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((work) => work.close()))
    expect(reported.splice(0)).toEqual([])
  })

  async function hire(answer?: (command: Command, run: FakeRun) => void, rest: Partial<typeof OPTIONS> = {}) {
    const { executor, fake } = openFakeExecutor(answer)
    const work = await employ(executor, rest)
    return { executor, fake, work }
  }
  async function employ(
    executor: ReturnType<typeof openFakeExecutor>['executor'],
    rest: Partial<typeof OPTIONS> = {},
    database = sql,
    admission: Admission = openAdmission(),
  ) {
    const source = { unpack: async () => {}, read: () => undefined }
    const openSource = async () => source
    const report = (error: unknown) => reported.push(error)
    const all = {
      ...ports,
      sql: database,
      executor,
      admission,
      expressions,
      operators: OPERATORS,
      openSource,
      hints,
      report,
      now: () => new Date(),
    }
    const work = await openWork(all, { ...OPTIONS, ...rest })
    opened.push(work)
    return work
  }
  const until = (id: AttemptId, state: string) =>
    vi.waitUntil(async () => (await attemptState(sql, id)) === state, { timeout: 10_000, interval: 20 })
  async function logOf(id: AttemptId, fullName: string) {
    const [task] =
      await sql`select log_id from tasks where attempt_id = ${id} and full_name = ${fullName} order by id desc`
    const chunks = await listLogChunks(sql, task?.log_id, 0)
    return chunks.map(({ bytes }) => bytes.toString()).join('')
  }

  it('runs an attempt through, hands stored params on, and keeps each log', async () => {
    const { work, fake } = await hire((command, run) => {
      run.write(`${textOf(command)}\n`)
      run.exit(0, textOf(command) === 'make' ? '{"store":{"rows":3}}' : undefined)
    })
    const id = await startOne(ports, { '+a': sh('make'), '+b': sh('use ${rows}'), '+c': { 'echo>': 'bye' } })
    await work.look()
    await until(id, 'success')
    expect(fake.started).toHaveLength(2)
    expect(await logOf(id, '+wf+b')).toMatch(
      /^[\d: .+-]+\[INFO\] \(w1@\[0:p:\d+:\d+\]\+wf\+b\) sluice.task: sh>: use 3\nuse 3\n$/,
    )
    expect(await logOf(id, '+wf+c')).toMatch(/echo>: bye\nbye$/)
    await fake.until(() => fake.opened().length === 0)
  })

  it('has told what it did when it is closed', async () => {
    await sql`delete from task_totals`
    const before = await listWorkers(sql, new Date())
    const { work } = await hire((_command, run) => run.exit(0))
    const id = await startOne(ports, { '+a': sh('x'), '+b': { 'fail>': 'no' } })
    await work.look()
    await until(id, 'error')
    await work.drain() // or the last one is being counted still
    await work.close()
    const counts = await sql`select task, started::int, succeeded::int, failed::int from task_totals order by task`
    expect(counts).toEqual([
      { task: 'p/wf+a', started: 1, succeeded: 1, failed: 0 },
      { task: 'p/wf+b', started: 1, succeeded: 0, failed: 1 },
      { task: 'p/wf^failure-alert', started: 1, succeeded: 1, failed: 0 },
    ])
    const processed = before.find(({ name }) => name === 'w1')?.processed ?? 0
    expect(await listWorkers(sql, new Date())).toMatchObject([
      { name: 'w1', processed: processed + 3, state: 'stopped' },
    ])
  })

  it('starts nothing of what was canceled while its place was made', async () => {
    const { executor, fake } = openFakeExecutor()
    let goOn = () => {}
    const canGoOn = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const open: typeof executor.open = async (place, unpack) => {
      await executor.open(place, unpack)
      await canGoOn
    }
    const work = await employ({ ...executor, open })
    const id = await startOne(ports, { '+a': sh('x') })
    await work.look()
    await vi.waitUntil(() => fake.opened().length > 0, { timeout: 20_000 })
    await cancelAttempt(ports, id, 'ana', new Date())
    const [canceled] = await sql`select clock_timestamp() as at`
    const hasHeard = () => sql`
      select from tasks join workers on workers.id = worker_id where attempt_id = ${id}
        and lease_until > ${canceled?.at}::timestamptz + interval '10 s' and heard_at > lease_until - interval '10 s'`
    await vi.waitUntil(async () => (await hasHeard()).length > 0, { timeout: 20_000 })
    goOn()
    await until(id, 'canceled')
    expect(fake.started).toEqual([])
  })

  it('generates subtasks and says how a task failed', async () => {
    const { work } = await hire((_, run) => run.exit(3))
    const id = await startOne(ports, { '+l': { 'loop>': '2', _do: { 'echo>': '${i}' } }, '+x': sh('no') })
    await work.look()
    await until(id, 'error')
    const [task] = await sql`select error, exit_cause from tasks where attempt_id = ${id} and full_name = '+wf+x'`
    const error = { message: 'Command failed with code 3 (runtime)', stacktrace: `at +wf+x of attempt ${id}` }
    expect(task).toEqual({ error, exit_cause: 'exited with 3' })
    expect(await logOf(id, '+wf+x')).toContain('Task failed with unexpected error: Command failed with code 3\n')
    expect(await statesOf(sql, id)).toContain('+wf+l^sub+loop-1 success')
    expect(await logOf(id, '+wf+l^sub+loop-1')).toMatch(/1$/)
  })

  it('never has more tasks than slots, and goes on when one frees', async () => {
    let most = 0
    const { work, fake } = await hire(
      () => {
        most = Math.max(most, fake.running().length)
      },
      { slots: 2 },
    )
    const id = await startOne(ports, { _parallel: true, '+a': sh('a'), '+b': sh('b'), '+c': sh('c'), '+d': sh('d') })
    await work.look()
    for (let done = 0; done < 3; done++) {
      await fake.until(() => fake.started.length > done + 1)
      most = Math.max(most, (await statesOf(sql, id)).filter((line) => line.endsWith(' running')).length)
      fake.running().at(-1)?.exit(0) // the first one keeps its slot all the while
    }
    fake.running()[0]?.exit(0)
    await until(id, 'success')
    expect(most).toBeLessThanOrEqual(2)
  })

  it('tries again with a log of its own for each start', async () => {
    let tries = 0
    const { work } = await hire((_, run) => run.exit(tries++ === 0 ? 1 : 0))
    const id = await startOne(ports, { '+a': sh('x', { _retry: 1 }) })
    await work.look()
    await until(id, 'success')
    const runs =
      await sql`select outcome, task_runs.exit_cause from task_runs join tasks on tasks.id = task_id where attempt_id = ${id} order by task_runs.epoch`
    expect(runs).toEqual([
      { outcome: 'retry', exit_cause: 'exited with 1' },
      { outcome: 'success', exit_cause: 'exited with 0' },
    ])
  })

  it('stops what runs when its attempt is killed, and says who did it', async () => {
    const { work, fake } = await hire(() => {})
    const id = await startOne(ports, { '+a': sh('sleep') })
    await work.look()
    await fake.until(() => fake.started.length === 1)
    await cancelAttempt(ports, id, 'ana', new Date())
    await until(id, 'canceled')
    const [task] = await sql`select state, exit_cause from tasks where attempt_id = ${id} and full_name = '+wf+a'`
    expect(task).toEqual({ state: 'canceled', exit_cause: 'killed by ana' })
  })

  it('adopts after a restart what still runs: it is started once and its log has every byte once', async () => {
    const { work, fake, executor } = await hire((_, run) => run.write('one\n'))
    const id = await startOne(ports, { '+a': sh('slow'), '+b': { 'echo>': 'after' } })
    await work.look()
    await fake.until(() => fake.started.length === 1)
    await vi.waitUntil(async () => (await logOf(id, '+wf+a')).endsWith('one\n'))
    await work.close()
    fake.running()[0]?.write('two\n')
    await employ(executor)
    fake.running()[0]?.write('three\n')
    fake.running()[0]?.exit(0)
    await until(id, 'success')
    expect(fake.started).toHaveLength(1)
    expect((await logOf(id, '+wf+a')).split('\n').slice(1)).toEqual(['one', 'two', 'three', ''])
  })

  it('takes nothing new while something is wrong, says what, and goes on by itself', async () => {
    const { executor, fake } = openFakeExecutor(() => {})
    const admission = openAdmission()
    const work = await employ(executor, {}, sql, admission)
    const problem = async () => (await sql`select problem from workers where name = 'w1'`)[0]?.problem
    const id = await startOne(ports, { '+a': sh('one'), '+b': sh('two') })
    await work.look()
    await fake.until(() => fake.started.length === 1)
    admission.tell('engine', 'Docker does not answer.')
    await vi.waitUntil(async () => (await problem()) === 'Docker does not answer.', { timeout: 10_000 })
    fake.running()[0]?.exit(0)
    await vi.waitUntil(async () => (await statesOf(sql, id)).includes('+wf+b ready'), { timeout: 10_000 })
    await work.look()
    expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+a success', '+wf+b ready'])
    admission.tell('engine', null)
    await fake.until(() => fake.started.length === 2)
    await vi.waitUntil(async () => (await problem()) === null, { timeout: 10_000 })
    fake.running()[0]?.exit(0)
    await until(id, 'success')
  })

  it('harvests what ended while it was away, even what was given up as unknown', async () => {
    const { work, fake, executor } = await hire(() => {})
    const id = await startOne(ports, { '+a': sh('slow') })
    await work.look()
    await fake.until(() => fake.started.length === 1)
    await work.close()
    fake.running()[0]?.exit(0)
    await sql`update tasks set lease_until = now() - interval '2 min', next_check_at = now() where attempt_id = ${id} and state = 'running'`
    await sweep(
      { ...ports, report: (error) => expect.unreachable(String(error)) },
      { fenceMs: 300_000, looksForLost: true },
      new Date(),
    )
    expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+a unknown'])
    await employ(executor)
    await until(id, 'success')
    expect(fake.started).toHaveLength(1)
  })

  it('follows what runs when it comes back, though the engine does not answer it then', async () => {
    const { work, fake, executor } = await hire(() => {})
    const id = await startOne(ports, { '+a': sh('once') })
    await work.look()
    await fake.until(() => fake.started.length === 1)
    await work.close()
    fake.isAway = true
    await employ(executor)
    fake.running()[0]?.exit(0)
    await until(id, 'success')
    expect(fake.started).toHaveLength(1)
  })

  it('leaves to a person what it has given up itself, however often it comes back', async () => {
    const { work, fake, executor } = await hire((_, run) =>
      run.exit({ kind: 'lost', why: 'its container was removed' }),
    )
    const id = await startOne(ports, { '+a': sh('once') })
    await work.look()
    await vi.waitUntil(async () => (await statesOf(sql, id)).includes('+wf+a unknown'), { timeout: 10_000 })
    await work.close()
    const successor = await employ(executor)
    const other = await startOne(ports, { '+b': { 'echo>': 'it has looked at all that is there' } })
    await successor.look()
    await until(other, 'success')
    await successor.drain()
    expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+a unknown'])
    expect(fake.started).toHaveLength(1)
  })

  it('starts again what no agent had taken, though it may not be repeated', async () => {
    const exits = [{ kind: 'unstarted', why: 'its container was removed' } as const, 0]
    const { work, fake } = await hire((_, run) => run.exit(exits.shift() ?? 0))
    const id = await startOne(ports, { '+a': sh('x') })
    await work.look()
    await vi.waitUntil(async () => (await statesOf(sql, id)).includes('+wf+a retry_waiting'), { timeout: 20_000 })
    const [task] = await sql`select exit_cause from tasks where attempt_id = ${id} and full_name = '+wf+a'`
    expect(task).toEqual({ exit_cause: 'not started: its container was removed' })
    const report = (error: unknown) => expect.unreachable(String(error))
    const later = new Date(Date.now() + 60_000)
    await sweep({ ...ports, report }, { fenceMs: 300_000, looksForLost: true }, later)
    await work.look()
    await until(id, 'success')
    expect(fake.started).toHaveLength(2)
  })

  it('waits with a reason while nothing can run, and loses no try', async () => {
    const { work, fake } = await hire()
    fake.isAway = true
    const id = await startOne(ports, { '+a': sh('x') })
    await work.look()
    await vi.waitUntil(async () => (await statesOf(sql, id)).includes('+wf+a retry_waiting'))
    const [task] =
      await sql`select exit_cause, state_params from tasks where attempt_id = ${id} and full_name = '+wf+a'`
    expect(task).toEqual({ exit_cause: 'The Docker engine does not answer.', state_params: {} })
    fake.isAway = false
    await sweep(
      { ...ports, report: (error) => expect.unreachable(String(error)) },
      { fenceMs: 300_000, looksForLost: true },
      new Date(Date.now() + 6000),
    )
    await work.look()
    await until(id, 'success')
  })

  it('loses nothing while PostgreSQL is away: the command runs on, and is written down afterwards', async () => {
    const proxy = await openProxy(new URL(inject('databaseUrl')))
    const database = openDatabase(proxy.url, { max: 5, schema })
    const { executor, fake } = openFakeExecutor((_, run) => run.write('one\n'))
    const work = await employ(executor, {}, database)
    const id = await startOne(ports, { '+a': sh('slow'), '+b': { 'echo>': 'after' } })
    await work.look()
    await fake.until(() => fake.started.length === 1)
    await proxy.cut()
    fake.running()[0]?.write('two\n')
    fake.running()[0]?.exit(0)
    expect(fake.killed).toEqual([])
    await proxy.mend()
    await until(id, 'success')
    expect(fake.started).toHaveLength(1)
    expect((await logOf(id, '+wf+a')).split('\n').slice(1)).toEqual(['one', 'two', ''])
    await Promise.all(opened.splice(0).map((one) => one.close()))
    await database.end({ timeout: 1 })
    await proxy.close()
  })

  it('waits while the database has no room for a log: the command runs on, and each byte is written once when there is', async () => {
    const { work, fake } = await hire((_, run) => run.write('one\n'))
    const id = await startOne(ports, { '+a': sh('slow') })
    await work.look()
    await fake.until(() => fake.started.length === 1)
    await vi.waitUntil(async () => (await logOf(id, '+wf+a')).endsWith('one\n'))
    await sql`create function no_room() returns trigger language plpgsql as $$ begin raise exception 'no room' using errcode = '53100'; end $$`
    await sql`create trigger no_room before insert on log_chunks for each row execute function no_room()`
    fake.running()[0]?.write('two\n')
    fake.running()[0]?.exit(0)
    const [held] = await sql`select clock_timestamp() as at`
    const hasRenewed = () =>
      sql`select from tasks where attempt_id = ${id} and lease_until > ${held?.at}::timestamptz + interval '11 s'`
    await vi.waitUntil(async () => (await hasRenewed()).length > 0, { timeout: 20_000 })
    expect(await statesOf(sql, id)).toContain('+wf+a running')
    await sql`drop function no_room cascade`
    await until(id, 'success')
    expect(fake.started).toHaveLength(1)
    expect((await logOf(id, '+wf+a')).split('\n').slice(1)).toEqual(['one', 'two', ''])
    expect(new Set(reported.splice(0).map(String))).toEqual(new Set(['PostgresError: no room'])) // test/reports.test.ts has what becomes of it
  })

  it('drains: what runs ends here, what follows is left to others', async () => {
    const { work, fake } = await hire(() => {})
    const id = await startOne(ports, { '+a': sh('x'), '+b': sh('y') })
    await work.look()
    await fake.until(() => fake.started.length === 1)
    const drained = work.drain()
    fake.running()[0]?.exit(0)
    await drained
    expect(await statesOf(sql, id)).toEqual(['+wf planned', '+wf+a success', '+wf+b ready'])
    await cancelAttempt(ports, id, 'ana', new Date())
  })

  it('fails a task that breaks our own code, and reports it', async () => {
    const { work } = await hire(() => {
      throw new Error('a bug')
    })
    const id = await startOne(ports, { '+a': sh('x') })
    await work.look()
    await until(id, 'error')
    expect(reported.splice(0).map(String)).toEqual(['Error: a bug'])
    const [task] = await sql`select error from tasks where attempt_id = ${id} and full_name = '+wf+a'`
    expect(task).toEqual({ error: { message: 'Sluice could not run it: a bug' } })
  })
})
