import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '../../src/app/create-token.ts'
import { finishTask } from '../../src/app/finish-task.ts'
import { startAttempt } from '../../src/app/start-attempt.ts'
import { Tally } from '../../src/app/tally.ts'
import type { TaskEvent } from '../../src/attempt/decide.ts'
import { taskType } from '../../src/attempt/task-type.ts'
import { insertTaskRun } from '../../src/db/task-runs.ts'
import { beginTaskIfClaimed, claimReadyTasks } from '../../src/db/tasks.ts'
import { findUser } from '../../src/db/users.ts'
import { beatWorker } from '../../src/db/work-counts.ts'
import { putWorker } from '../../src/db/workers.ts'
import { flowerRoutes } from '../../src/http/flower/routes.ts'
import { basic, NOW, openTestApp, PASSWORD } from '../support/app.ts'
import { FAILED, makeWorkflow, SUCCEEDED } from '../support/attempts.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('flower')
const broker = { transport: 'redis', hostname: '127.0.0.1', port: 6399, path: '0' }
const { app, bugs } = await openTestApp(sql, {
  doors: [flowerRoutes({ sql, now: () => new Date(), broker, url: 'https://sluice.example/' })],
})
const ports = { sql, wakeUps: { ring: async () => {} } }
let token: string
afterAll(drop)

const get = (path: string, init: RequestInit = {}) =>
  app.request(`/flower${path}`, { headers: { authorization: `Bearer ${token}` }, ...init })
const read = async (path: string): Promise<Record<string, never>> => {
  const answer = await get(path)
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()} ${bugs.at(-1)}`)
  return (await answer.json()) as Record<string, never>
}
const capture = async (name: string) =>
  JSON.parse(await readFile(new URL(`../flower/${name}`, import.meta.url), 'utf8'))

const FILES = {
  '+add': { 'sh>': 'a' },
  '+boom': { 'sh>': 'b', _retry: { limit: 1, interval: 3600 } },
  '+slow': { 'sh>': 'c' },
  '+queued': { 'sh>': 'd', _queue: 'etl' },
  _parallel: true,
}

/** One that succeeded, one that waits to be retried, one that runs, one that waits; and before them one that failed. */
beforeAll(async () => {
  const admin = await findUser(sql, 'admin')
  if (admin === undefined) throw new Error('there is no admin')
  token = await createToken({ sql }, { userId: admin.id, name: 'flower' }, NOW)
  const now = new Date(Date.now() - 60_000)
  const workerId = await putWorker(
    sql,
    {
      name: 'vm/0',
      host: 'vm',
      pid: 5150,
      executor: 'process',
      engine: null,
      slots: 2,
      queues: ['default', 'etl'],
      version: '1.2.3',
    },
    now,
  )
  const tally = new Tally()
  const start = { sessionTime: NOW, params: {}, retryName: '', resume: null, startedBy: 'ana' }
  const policy = { limit: 1, intervalMs: 3_600_000, backoff: 'constant', maxIntervalMs: null, onLoss: true } as const
  const run = async (event: (name: string) => TaskEvent | undefined) => {
    const claims = await claimReadyTasks(sql, { workerId, queues: ['default'], limit: 9, leaseSeconds: 600 }, now)
    for (const claim of claims) {
      const logId = await insertTaskRun(sql, claim, { workerId, head: '' }, now)
      const [{ name }] = await sql<[{ name: string }]>`select full_name as name from tasks where id = ${claim.id}`
      await beginTaskIfClaimed(
        sql,
        claim,
        { logId, isRetryable: true, retry: name === '+wf+boom' ? policy : null },
        now,
      )
      const order = { projectName: 'tk', fullName: name, queue: 'default' }
      tally.started(order)
      const what = event(name)
      if (what === undefined) continue
      const { state } = await finishTask(ports, { claim, event: what }, new Date(now.getTime() + 80))
      tally.ended(order, { event: what, state, ms: 80 })
    }
  }
  const fails = await makeWorkflow(sql, { '+boom': { 'sh>': 'x' } }, { project: 'tk', name: 'old' })
  await startAttempt(ports, { ...start, workflowId: fails.workflowId }, now)
  await run((name) => (name.endsWith('boom') ? FAILED : SUCCEEDED))
  await run(() => SUCCEEDED)
  const { workflowId } = await makeWorkflow(sql, FILES, { project: 'tk', name: 'wf' })
  await startAttempt(ports, { ...start, workflowId }, now)
  await run((name) => (name.endsWith('slow') ? undefined : name.endsWith('boom') ? FAILED : SUCCEEDED))
  const load = { loadAverage: [0.77, 1.23, 0.91], usage: process.resourceUsage() }
  await tally.tell((counts) => beatWorker(sql, workerId, counts, load))
})

/** `{a: number, b: [text]}`; what is null somewhere may be it anywhere. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]))
}

describe('a task', () => {
  it.each([
    ['SUCCESS', 'tk/wf+add'],
    ['FAILURE', 'tk/old+boom'],
  ])('in state %s has the fields, types and order of Flower, in the list', async (state, name) => {
    const theirs: object[] = Object.values(await capture('tasks.json'))
    const ours: object[] = Object.values(await read('/api/tasks'))
    const isOf = (one: object) => 'state' in one && one.state === state
    const [their, our] = [theirs.find(isOf), ours.find(isOf)]
    expect(our).toMatchObject({ name, state, client: 'ana', worker: 'vm/0', routing_key: 'default', retries: 0 })
    expect(Object.keys(our ?? {})).toEqual(Object.keys(their ?? {}))
    const { parent, parent_id, ...shape } = shapeOf(our) as Record<string, unknown>
    expect([parent, parent_id]).toEqual(['string', 'string']) // here it stands in a group
    expect({ ...shape, parent: null, parent_id: null }).toEqual(shapeOf(their))
  })

  it('is told alone in the order of Flower', async () => {
    const [uuid] = Object.keys(await read('/api/tasks?state=FAILURE'))
    const our = await read(`/api/task/info/${uuid}`)
    expect(Object.keys(our)).toEqual(Object.keys(await capture('task-info-failure.json')))
    expect(our).toMatchObject({ uuid, state: 'FAILURE', exception: 'it broke', traceback: 'it broke', result: null })
    expect(await read(`/api/task/result/${uuid}`)).toEqual({
      ...{ 'task-id': uuid, state: 'FAILURE', result: 'it broke', traceback: 'it broke' },
    })
  })

  it('belongs to its group and its attempt, and both can be asked for', async () => {
    const [task] = Object.values(await read('/api/tasks?taskname=tk/wf%2Badd')) as unknown as {
      root_id: string
      parent_id: string
    }[]
    expect(task?.root_id).toBe(task?.parent_id)
    const root = await read(`/api/task/info/${task?.root_id}`)
    expect(root).toMatchObject({ name: 'tk/wf', state: 'STARTED', worker: null, parent_id: null })
    expect(root.children).toHaveLength(4)
  })

  it.each([
    ['/nothing', "Unknown task 'nothing'"],
    ['/00000000-0000-8000-8000-0000000fffff', "Unknown task '00000000-0000-8000-8000-0000000fffff'"],
    ['/00000000-ffff-8000-8000-ffffffffffff', 'Unknown task'],
    ['/99999999999999999999', 'Unknown task'],
    ['/%3Cscript%3E', "Unknown task '&lt;script>'"],
  ])('that nobody knows is refused in HTML: %s', async (path, words) => {
    const answer = await get(`/api/task/info${path}`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(await answer.text()).toContain(words)
  })
})

describe('the list of tasks', () => {
  const states = async (query: string) =>
    (Object.values(await read(`/api/tasks${query}`)) as unknown as { name: string; state: string }[]).map(
      ({ name, state }) => `${name} ${state}`,
    )

  it('shows each in its state', async () => {
    expect((await states('')).toSorted()).toEqual([
      'tk/old+boom FAILURE',
      'tk/old^failure-alert SUCCESS',
      'tk/wf+add SUCCESS',
      'tk/wf+boom RETRY',
      'tk/wf+queued RECEIVED',
      'tk/wf+slow STARTED',
    ])
  })

  it.each([
    ['?state=SUCCESS&sort_by=name', ['tk/old^failure-alert SUCCESS', 'tk/wf+add SUCCESS']],
    ['?taskname=tk/wf%2Bslow', ['tk/wf+slow STARTED']],
    ['?workername=vm/0&state=STARTED', ['tk/wf+slow STARTED']],
    ['?workername=elsewhere', []],
    ['?sort_by=name&limit=2', ['tk/old+boom FAILURE', 'tk/old^failure-alert SUCCESS']],
    ['?sort_by=-name&limit=1&offset=1', ['tk/wf+queued RECEIVED']],
    ['?search=broke', ['tk/wf+boom RETRY', 'tk/old+boom FAILURE']],
    ['?search=boom+state:RETRY', ['tk/wf+boom RETRY']],
    ['?search=%22it+broke%22+old', ['tk/old+boom FAILURE']],
    ['?search=state:started+OR+state:Received&sort_by=name', ['tk/wf+queued RECEIVED', 'tk/wf+slow STARTED']],
    [
      '?search=(slow+OR+(add+AND+old)+OR+name:boom)+name:tk/wf&sort_by=name',
      ['tk/wf+boom RETRY', 'tk/wf+slow STARTED'],
    ],
    ['?search=state:START', []],
    ['?search=args:boom', []],
    ['?search=kwargs:region%3Deu', []],
    ['?search=worker:vm/0+result:broke+old', ['tk/old+boom FAILURE']],
    ['?received_end=2000-01-01+00:00', []],
    ['?received_start=2000-01-01+00:00&state=RECEIVED', ['tk/wf+queued RECEIVED']],
    ['?offset=1000000', []],
  ])('is filtered, sorted and cut as asked: %s', async (query, expected) => {
    expect(await states(query)).toEqual(expected)
  })

  it.each(['?sort_by=exception', '?limit=many', '?received_start=today', '?offset=-1'])(
    'refuses what it cannot read: %s',
    async (query) => {
      const answer = await get(`/api/tasks${query}`)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8'])
    },
  )

  it('tells a search that it cannot read as Flower does: in JSON', async () => {
    const answer = await get('/api/tasks?search=boom+OR')
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: 'OR must be followed by a search term at position 5' },
    ])
    expect(await read('/tasks/datatable?draw=7&search[value]=(boom')).toEqual({
      draw: 7,
      data: [],
      recordsTotal: 6,
      recordsFiltered: 0,
      searchError: 'A parenthesis is not closed at position 0',
    })
  })

  it('speaks the protocol of DataTables', async () => {
    const query = 'draw=1&start=0&length=2&search[value]=&order[0][column]=1&order[0][dir]=asc&columns[1][data]=name'
    const ours = await read(`/tasks/datatable?${query}`)
    const theirs = await capture('tasks-datatable.json')
    expect(Object.keys(ours)).toEqual(Object.keys(theirs))
    expect(Object.keys(ours.data?.[0] ?? {})).toEqual(Object.keys(theirs.data[0]))
    expect(ours).toMatchObject({ draw: 1, recordsTotal: 6, recordsFiltered: 6, data: { length: 2 } })
    const form = { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' }
    const body = query.replace('search[value]=', 'search[value]=broke')
    const posted = await get('/tasks/datatable', { method: 'POST', headers: form, body })
    expect(await posted.json()).toMatchObject({ draw: 1, recordsTotal: 6, recordsFiltered: 2 })
  })

  it('names turns of a loop as the counts do', async () => {
    const { workflowId } = await makeWorkflow(sql, {}, { project: 'tk', name: 'loop' })
    const names = [
      '+loop+e^sub+for-0=m=1=b&1=x=0=y+draw',
      '+loop+r^sub+range-from=0&to=5+a^sub+loop-3',
      '+loop+for-me+loop-1',
      '+loop^error+x',
    ]
    const id = (
      await startAttempt(
        ports,
        { workflowId, sessionTime: NOW, params: {}, retryName: '', resume: null, startedBy: 'x' },
        NOW,
      )
    ).attemptId
    for (const name of names)
      await sql`insert into tasks (attempt_id, full_name, kind, config, is_initial, state, changed_at, ready_at) values (${id}, ${name}, 'operator', '{}', true, 'success', ${NOW}, ${NOW})`
    const shown = (await states('?search=loop&sort_by=name')).map((line) => line.replace(' SUCCESS', ''))
    expect(shown.toSorted()).toEqual(names.map((name) => taskType('tk', name)).toSorted())
    await sql`delete from tasks where attempt_id = ${id}`
  })
})

describe('workers', () => {
  it('have the fields and types of Flower', async () => {
    const theirs = (await capture('workers.json'))['w1@vm']
    const ours = (await read('/api/workers'))['vm/0'] as unknown as Record<string, never>
    expect(Object.keys(ours)).toEqual(Object.keys(theirs))
    const without = ({ total, ...stats }: Record<string, unknown>) => shapeOf(stats)
    expect(without(ours.stats as never)).toEqual(without(theirs.stats))
    for (const key of ['active_queues', 'scheduled', 'registered', 'conf', 'timestamp', 'revoked', 'reserved'] as const)
      if (key === 'revoked' || key === 'reserved') expect(ours[key]).toEqual([])
      else
        expect([key, shapeOf(ours[key])]).toEqual([
          key,
          key === 'scheduled' ? scheduledLike(theirs) : shapeOf(theirs[key]),
        ])
    expect(ours.stats).toMatchObject({
      total: { 'tk/wf+add': 1, 'tk/wf+slow': 1 },
      pid: 5150,
      clock: '1',
      prefetch_count: 2,
    })
    expect(ours.active).toMatchObject([{ name: 'tk/wf+slow', hostname: 'vm/0', worker_pid: 5150, acknowledged: true }])
  })

  /** Ours have no arguments. */
  const scheduledLike = (theirs: { scheduled: { request: object }[] }) =>
    shapeOf(theirs.scheduled.map((one) => ({ ...one, request: { ...one.request, args: [] } })))

  it('are named by state, and one alone', async () => {
    expect(await read('/api/workers?status=true')).toEqual({ 'vm/0': true })
    expect(Object.keys(await read('/api/workers?workername=vm/0&refresh=1'))).toEqual(['vm/0'])
    const answer = await get('/api/workers?workername=x')
    expect([answer.status, await answer.text()]).toEqual([
      404,
      "Unknown worker 'x'. List what there is: GET /flower/api/workers",
    ])
    await sql`update workers set heard_at = heard_at - interval '1 minute'`
    expect(await read('/api/workers?status=true')).toEqual({ 'vm/0': false })
    await sql`update workers set heard_at = heard_at + interval '1 minute'`
  })

  it('have the dashboard rows of Flower', async () => {
    const ours = await read('/workers?json=1')
    const theirs = await capture('workers-dashboard.json')
    const [first] = ours.data as unknown as Record<string, unknown>[]
    const { 'task-retried': _, ...row } = first ?? {}
    expect(Object.keys(row)).toEqual(Object.keys(theirs.data[0]))
    expect(shapeOf(row)).toEqual(shapeOf(theirs.data[0]))
    expect(row).toMatchObject({
      'task-started': 5,
      'task-succeeded': 2,
      'task-failed': 1,
      active: 1,
      processed: 4,
      status: true,
    })
  })
})

describe('the rest', () => {
  it('has the shapes of Flower', async () => {
    expect(shapeOf(await read('/api/queues/length'))).toEqual(shapeOf(await capture('queues-length.json')))
    expect(await read('/api/queues/length')).toEqual({
      active_queues: [
        { name: 'default', messages: 0 },
        { name: 'etl', messages: 1 },
      ],
    })
    expect(await read('/api/task/types')).toEqual({
      'task-types': ['tk/old+boom', 'tk/old^failure-alert', 'tk/wf+add', 'tk/wf+boom', 'tk/wf+slow'],
    })
    expect(await (await get('/healthcheck')).text()).toBe(
      (await readFile('test/flower/healthcheck.txt', 'utf8')).trim(),
    )
  })

  it('leads people to the pages', async () => {
    for (const path of ['', '/', '/workers'])
      expect((await get(path)).headers.get('location')).toBe('https://sluice.example/workers')
    const { app: unnamed } = await openTestApp(sql, {
      doors: [flowerRoutes({ sql, now: () => new Date(), broker, url: null })],
    })
    const headers = { authorization: `Bearer ${token}` }
    const answer = await unnamed.request('/flower/workers', { headers })
    expect([answer.status, await answer.text()]).toEqual([
      404,
      "This is Flower's API: the pages are at Sluice's own address. Open /workers there, or ask for /workers?json=1 here. With SLUICE_URL set you are led there.",
    ])
  })

  it.each([
    ...['shutdown/vm', 'pool/restart/vm', 'pool/grow/vm?n=1', 'pool/shrink/vm?n=1', 'pool/autoscale/vm?min=1&max=2'],
    ...['queue/add-consumer/vm?queue=etl', 'queue/cancel-consumer/vm?queue=etl'],
  ])('changes no worker, and says so: POST /api/worker/%s', (path) => isRefused('POST', `/api/worker/${path}`))

  it.each([
    ...['apply/tk.add', 'async-apply/tk.add', 'send-task/tk.add', 'revoke/x?terminate=true', 'abort/x'],
    ...['timeout/tk.add?soft=1', 'rate-limit/tk.add?ratelimit=1'],
  ])('changes no task, and says so: POST /api/task/%s', (path) => isRefused('POST', `/api/task/${path}`))

  it.each(['PUT', 'DELETE', 'PATCH'])('takes no %s', (method) => isRefused(method, '/api/tasks'))

  async function isRefused(method: string, path: string) {
    const answer = await get(path, { method, headers: { authorization: `Bearer ${token}` } })
    expect([answer.status, await answer.text()]).toEqual([
      403,
      'Flower is read-only here. Change things with Sluice itself: its pages, its command line, or /api.',
    ])
    expect((await app.request(`/flower${path}`, { method })).status).toBe(401)
  }

  it('is open to a password or a token, and to nobody else', async () => {
    const paths = ['', '/', '/workers?json=1', '/tasks/datatable', '/metrics', '/healthcheck', '/nothing']
    const api = ['workers', 'tasks', 'task/info/1', 'task/result/1', 'task/types', 'queues/length']
    for (const path of [...paths, ...api.map((one) => `/api/${one}`)]) {
      const asked = await app.request(`/flower${path}`)
      expect([path, asked.status, asked.headers.get('www-authenticate')]).toEqual([
        path,
        401,
        'Basic realm="Sluice", charset="UTF-8"',
      ])
    }
    for (const headers of [basic('admin', PASSWORD), basic('any', token)])
      expect((await app.request('/flower/api/workers', { headers })).status).toBe(200)
  })
})

describe('metrics', () => {
  const NAME = /^(\w+)(?:\{(.*)\})? (\S+)$/
  const labelsOf = (text = '') => [...text.matchAll(/(\w+)="/g)].map(([, label]) => label).toSorted()
  /** `name` to its type and the labels of its first sample. */
  function familiesOf(text: string) {
    const lines = text.split('\n').filter((line) => !line.startsWith('# HELP') && !line.includes('python_'))
    const samples = lines.filter((line) => !line.startsWith('#'))
    return Object.fromEntries(
      lines
        .filter((line) => line.startsWith('#'))
        .map((line) => {
          const [, , name = '', type] = line.split(' ')
          const sample = NAME.exec(samples.find((one) => new RegExp(`^${name}(_bucket)?[{ ]`).test(one)) ?? '')
          return [name, { type, labels: labelsOf(sample?.[2]) }]
        }),
    )
  }

  it('have the names, types and labels of Flower', async () => {
    const theirs = familiesOf(await readFile('test/flower/metrics.txt', 'utf8'))
    const ours = familiesOf(await (await get('/metrics')).text())
    expect(Object.keys(ours)).toEqual(Object.keys(theirs))
    expect(ours).toEqual(theirs) // but for python_…: nothing here is Python
  })

  it.skipIf(spawnSync('promtool', ['--version']).status !== 0)('please promtool', async () => {
    const input = await (await get('/metrics')).text()
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('count what was done', async () => {
    const lines = (await (await get('/metrics')).text()).split('\n')
    for (const line of [
      'flower_events_total{task="tk/wf+add",type="task-sent",worker="sluice"} 1',
      'flower_events_total{task="tk/wf+add",type="task-succeeded",worker="vm/0"} 1',
      'flower_events_total{task="tk/old+boom",type="task-failed",worker="vm/0"} 1',
      'flower_events_total{task="tk/wf+boom",type="task-retried",worker="vm/0"} 1',
      'flower_task_runtime_seconds_bucket{le="0.075",task="tk/wf+add",worker="vm/0"} 0',
      'flower_task_runtime_seconds_bucket{le="0.1",task="tk/wf+add",worker="vm/0"} 1',
      'flower_task_runtime_seconds_bucket{le="+Inf",task="tk/wf+add",worker="vm/0"} 1',
      'flower_task_runtime_seconds_count{task="tk/wf+add",worker="vm/0"} 1',
      'flower_task_runtime_seconds_sum{task="tk/wf+add",worker="vm/0"} 0.08',
      'flower_worker_online{worker="vm/0"} 1',
      'flower_worker_number_of_currently_executing_tasks{worker="vm/0"} 1',
    ])
      expect(lines).toContain(line)
  })
})
