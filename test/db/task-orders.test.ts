import { afterAll, describe, expect, it } from 'vitest'
import type { AttemptId, JsonObject, TaskId } from '../../src/brand.ts'
import { listParamLayers } from '../../src/db/task-orders.ts'
import { collectParams } from '../../src/workflow/params.ts'
import { now, startOne } from '../support/attempts.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('task_orders')
afterAll(drop)
const ports = { sql, wakeUps: { ring: async () => {} } }
const echo = { 'echo>': 'x' }

describe('the params of a task', () => {
  const idOf = async (attempt: AttemptId, name: string) => {
    const [task] = await sql<[{ id: TaskId }]>`
      select id from tasks where attempt_id = ${attempt} and full_name = ${`+wf${name}`}`
    return task.id
  }
  const store = async (attempt: AttemptId, name: string, params: JsonObject, reset: readonly string[] = []) =>
    sql`update tasks set store_params = ${JSON.stringify(params)}::text::json, reset_params = ${reset}, has_store = true
      where id = ${await idOf(attempt, name)}`
  /** A task that an operator made while it ran: its id is higher than those of all siblings. */
  const generate = async (attempt: AttemptId, parent: string, name: string) =>
    sql`insert into tasks (attempt_id, parent_id, full_name, kind, state, config, is_initial, changed_at)
      select attempt_id, id, ${`+wf${parent}${name}`}, 'operator', 'success', '{}', false, ${now}
      from tasks where id = ${await idOf(attempt, parent)}`
  async function seen(attempt: AttemptId, name: string): Promise<JsonObject> {
    return collectParams(await listParamLayers(sql, { taskId: await idOf(attempt, name), hasStores: true }))
  }

  it('are those of its ancestors, the nearest on top', async () => {
    const id = await startOne(ports, {
      _export: { root: 1, x: 'root' },
      '+g': { _export: { x: 'group', g: 1 }, '+a': { ...echo, _export: { x: 'task' } }, '+b': echo },
    })
    expect(await seen(id, '+g+a')).toEqual({ root: 1, x: 'task', g: 1 })
    expect(await seen(id, '+g+b')).toEqual({ root: 1, x: 'group', g: 1 })
  })

  it('come along what it waited for, a store above the exports around it, below those that are nearer', async () => {
    const id = await startOne(ports, {
      _export: { x: 'root' },
      '+a': echo,
      '+b': echo,
      '+c': { ...echo, _export: { x: 'task' } },
      '+d': { _export: { x: 'group' }, '+e': echo },
    })
    await store(id, '+a', { x: 'stored' })
    expect((await seen(id, '+b')).x).toBe('stored')
    expect((await seen(id, '+c')).x).toBe('task')
    expect((await seen(id, '+d+e')).x).toBe('group')
    expect((await seen(id, '+a')).x).toBe('root') // not its own
  })

  it('are not those of a sibling beside it, but of all of a group before it', async () => {
    const id = await startOne(ports, { '+p': { _parallel: true, '+a': echo, '+b': { '+c': echo } }, '+after': echo })
    await store(id, '+p+a', { x: 'a' })
    await store(id, '+p+b+c', { y: 'c' })
    expect(await seen(id, '+p+b+c')).toEqual({})
    expect(await seen(id, '+after')).toEqual({ x: 'a', y: 'c' })
  })

  it('of what an operator generated lie below those of the next sibling', async () => {
    const id = await startOne(ports, { '+a': echo, '+b': echo, '+c': echo })
    await generate(id, '+a', '^sub')
    await store(id, '+a^sub', { x: 'generated', y: 'generated' })
    await store(id, '+b', { x: 'later' })
    expect(await seen(id, '+c')).toEqual({ x: 'later', y: 'generated' })
  })

  it('follow _after: what was waited for comes right before what waited', async () => {
    const id = await startOne(ports, {
      '+p': {
        _parallel: true,
        '+one': echo,
        '+two': echo,
        '+three': { ...echo, _after: ['+one'] },
        '+see': { ...echo, _after: ['+two', '+three'] },
      },
    })
    await store(id, '+p+one', { x: 'one' })
    await store(id, '+p+two', { x: 'two' })
    expect(await seen(id, '+p+see')).toEqual({ x: 'one' })
  })

  it('are reset by those that come later', async () => {
    const id = await startOne(ports, { '+a': echo, '+b': echo, '+c': echo })
    await store(id, '+a', { http: { last_status: 200, last_content: 'x' } })
    await store(id, '+b', { n: 1 }, ['http.last_content', 'no.such'])
    expect(await seen(id, '+c')).toEqual({ http: { last_status: 200 }, n: 1 })
  })
})
