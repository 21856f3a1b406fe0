import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { isFinal, MOVES, STATES } from '../../src/attempt/task.ts'
import { insertLog } from '../../src/db/logs.ts'
import { jsonText, openDatabase } from '../../src/db/sql.ts'
import { beginTaskIfClaimed, moveTasks, renewLeases } from '../../src/db/tasks.ts'
import { claimTasks, makeWorker, makeWorkflow, now } from '../support/attempts.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, schema, drop } = await openTestSchema('tasks')
const other = openDatabase(inject('databaseUrl'), { max: 5, schema })
afterAll(async () => {
  await other.end()
  await drop()
})
const workerId = await makeWorker(sql)
const { projectId, workflowId } = await makeWorkflow(sql, {})
const [session] = await sql`
  insert into sessions (project_id, workflow_name, session_time) values (${projectId}, 'wf', ${now}) returning id`
const [attempt] = await sql`
  insert into attempts (session_id, project_id, workflow_id, revision_id, index, started_by, created_at)
  select ${session?.id}, ${projectId}, ${workflowId}, revision_id, 1, 'ana', ${now} from workflows where id = ${workflowId} returning id`

const NEEDS: Partial<Record<string, object>> = {
  ready: { ready_at: now },
  running: { worker_id: workerId, lease_until: now },
  retry_waiting: { retry_at: now },
  group_retry_waiting: { retry_at: now },
}
const insert = async (kind: string, state: string, rest: object) => {
  const row = {
    attempt_id: attempt?.id,
    full_name: '+wf',
    kind,
    config: {},
    is_initial: true,
    state,
    changed_at: now,
    ...rest,
  }
  return sql`insert into tasks ${sql(row)} returning id`
}

beforeEach(() => sql`delete from tasks`)

describe('a text that PostgreSQL cannot hold', () => {
  it('is kept with a sign in its place, in columns and within JSON', async () => {
    const [row] =
      await sql`select ${'a\0b'}::text as text, ${jsonText({ 'k\0': ['\ud800', '\\u0000', '😀'] })}::text::json as json`
    expect(row).toEqual({ text: 'a\ufffdb', json: { 'k\ufffd': ['\ufffd', '\\u0000', '😀'] } })
  })

  it('does not keep a task from its end', async () => {
    const [row] = await insert('operator', 'running', NEEDS.running ?? {})
    const result = { store: { x: '\0' }, export: {}, reset: [], subtasks: null } as const
    const move = {
      id: row?.id,
      from: 'running',
      to: 'error',
      retryAt: null,
      error: { message: 'a\0' },
      exitCause: 'b\0',
      result,
    }
    await moveTasks(sql, [move as never], now)
    const [task] = await sql`select error, exit_cause, store_params from tasks where id = ${row?.id}`
    expect(task).toEqual({ error: { message: 'a\ufffd' }, exit_cause: 'b\ufffd', store_params: { x: '\ufffd' } })
  })
})

describe('the states of a task', () => {
  it('are those of the table of moves', async () => {
    const rows = await sql<{ state: string }[]>`select unnest(enum_range(null::task_state))::text as state`
    expect(rows.map(({ state }) => state).sort()).toEqual([...STATES].sort())
  })

  it.each(STATES)('%s needs its own columns and no others', async (state) => {
    await insert('operator', state, NEEDS[state] ?? {})
    if (NEEDS[state] !== undefined)
      await expect(insert('operator', state, {})).rejects.toThrow('violates check constraint')
    if (state !== 'running')
      await expect(insert('operator', state, { ...NEEDS[state], lease_until: now })).rejects.toThrow('check constraint')
    if (!state.endsWith('retry_waiting'))
      await expect(insert('operator', state, { ...NEEDS[state], retry_at: now })).rejects.toThrow('check constraint')
  })

  it('of a group are those that it can come to by its moves', async () => {
    const groups = new Set(['blocked', 'planned', 'group_retry_waiting', 'success', 'group_error', 'canceled'])
    for (const state of STATES) {
      const inserting = insert('group', state, NEEDS[state] ?? {})
      if (groups.has(state)) await inserting
      else await expect(inserting).rejects.toThrow('check constraint')
    }
  })

  it('end where no move leads on', () => {
    expect(STATES.filter(isFinal)).toEqual(['success', 'error', 'group_error', 'canceled'])
    for (const state of STATES) for (const to of Object.keys(MOVES[state])) expect(STATES).toContain(to)
  })
})

describe('a move', () => {
  it('finds its task where it was, or nothing is moved at all', async () => {
    const [a] = await insert('operator', 'blocked', {})
    const [b] = await insert('operator', 'success', {})
    const moves = [a, b].map((row) => ({ id: row?.id, from: 'blocked', to: 'ready' }) as const)
    await expect(sql.begin((tx) => moveTasks(tx, moves, now))).rejects.toThrow('only 1 moved')
    expect(await sql`select state from tasks order by id`).toEqual([{ state: 'blocked' }, { state: 'success' }])
  })
})

describe('a claim', () => {
  it('is won by one of two workers that ask at the same moment, and so is the whole attempt', async () => {
    for (let n = 0; n < 200; n++) await insert('operator', 'ready', NEEDS.ready ?? {})
    const second = await makeWorker(sql, 'w2')
    const rounds = Array.from({ length: 40 }, (_, n) =>
      n % 2 === 0 ? claimTasks(sql, workerId, 7) : claimTasks(other, second, 7),
    )
    const claims = (await Promise.all(rounds)).flat()
    for (const worker of [workerId, second]) claims.push(...(await claimTasks(sql, worker, 200)))
    expect(new Set(claims.map(({ id }) => id)).size).toBe(claims.length)
    expect(claims).toHaveLength(200)
    expect(claims.every(({ epoch }) => epoch === '1')).toBe(true)
    expect(await sql`select distinct worker_id from tasks`).toHaveLength(1)
    await sql`delete from attempt_places`
  })

  it('is leased by the clock of the database, whatever its worker takes for now', async () => {
    await insert('operator', 'ready', NEEDS.ready ?? {})
    const [claim] = await claimTasks(sql, workerId, 1, 10)
    const [lease] = await sql<[{ seconds: number }]>`
      select extract(epoch from lease_until - clock_timestamp())::float8 as seconds from tasks where id = ${claim?.id ?? null}`
    expect(Math.abs(lease.seconds)).toBeLessThan(3600) // `now` of the claim is months away
  })

  it('begins only while it is ours', async () => {
    await insert('operator', 'ready', NEEDS.ready ?? {})
    const [claim] = await claimTasks(sql, workerId, 1)
    if (claim === undefined) throw new Error('nothing was claimed')
    const rest = { logId: await insertLog(sql), isRetryable: false, retry: null }
    expect(await beginTaskIfClaimed(sql, { ...claim, epoch: '7' }, rest, now)).toBe(false)
    expect(await beginTaskIfClaimed(sql, claim, rest, now)).toBe(true)
  })

  it('is leased on only while it is ours, and taken back from unknown', async () => {
    for (let n = 0; n < 3; n++) await insert('operator', 'ready', NEEDS.ready ?? {})
    const claims = await claimTasks(sql, workerId, 3)
    const [mine, moved, unknown] = claims
    await sql`update tasks set epoch = 2 where id = ${moved?.id ?? null}`
    await sql`update tasks set state = 'unknown', lease_until = null where id = ${unknown?.id ?? null}`
    const leases = await renewLeases(sql, workerId, claims, 10)
    expect(leases.map(({ id }) => id).sort()).toEqual([mine?.id, unknown?.id].sort())
    expect(await renewLeases(sql, await makeWorker(sql, 'w2'), claims, 10)).toEqual([])
  })
})
