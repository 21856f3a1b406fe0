import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestSchema } from '../../support/schema.ts'
import { openApi } from './door.ts'
import { insertProject } from './rows.ts'

type Answer = { id: string; [key: string]: unknown }

const { sql, drop } = await openTestSchema('api-acting')
let api: Awaited<ReturnType<typeof openApi>>
let workflowId: string | undefined
let seconds = 0

beforeAll(async () => {
  const weather = await insertProject(sql)
  workflowId = weather.workflowIds[0]
  api = await openApi(sql)
})
afterAll(async () => {
  await api.hints.close()
  await drop()
})

const ask = async (method: string, path: string, body?: unknown) => {
  const answer = await api.send(method, path, body)
  return { status: answer.status, body: (await answer.json()) as Answer }
}
/** Of a session of its own. */
const request = () => ({ workflowId, sessionTime: `2026-03-01T00:00:${10 + seconds++}.789Z`, params: { day: 'x' } })
const start = async (more = {}) => (await ask('PUT', '/attempts', { ...request(), ...more })).body
const end = (id: string, state: string) =>
  sql`update attempts set state = ${state}, finished_at = created_at where id = ${id}`

describe('PUT /api/attempts', () => {
  it('starts an attempt of a whole second, in the name of who asks', async () => {
    const asked = { ...request(), workflowId: Number(workflowId), retryAttemptName: null, resume: null }
    const { status, body } = await ask('PUT', '/attempts', asked)
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'running', startedBy: 'admin', retryAttemptName: null, params: { day: 'x' } })
    expect(body.sessionTime).toMatch(/^2026-03-01T09:00:1\d\+09:00$/)
    expect(await api.list(`/attempts/${body.id}/tasks`)).toMatchObject([
      { fullName: '+daily' },
      { fullName: '+daily+say' },
    ])
  })

  it.each([
    ['', 'must not be blank'],
    [' ', 'must not be blank'],
    ['x'.repeat(256), 'must not be longer than 255 characters'],
  ])('takes no retry name %j', async (retryAttemptName, fault) => {
    const message = `Validating attempt request failed\nretry attempt name ${fault}: ${JSON.stringify(retryAttemptName)}`
    expect(await ask('PUT', '/attempts', { ...request(), retryAttemptName })).toMatchObject({
      status: 400,
      body: { status: 400, message },
    })
  })

  it('answers 409 with the attempt that was first, whatever else was asked for', async () => {
    const asked = request()
    const first = await ask('PUT', '/attempts', asked)
    const second = await ask('PUT', '/attempts', { ...asked, params: {} })
    expect(second).toEqual({ status: 409, body: first.body })
    expect((await ask('PUT', '/attempts', { ...asked, retryAttemptName: 'again' })).body).toMatchObject({ index: 2 })
  })

  it('reads where to resume, also when the client says the mode twice', async () => {
    const first = await start()
    const { sessionTime, ...rest } = request()
    const resume = `{"mode":"from","mode":"from","from":"+daily+say","attemptId":"${first.id}"}`
    const body = `{"sessionTime":"2026-03-01T00:00:30Z","retryAttemptName":"r","resume":${resume},${JSON.stringify(rest).slice(1)}`
    const answer = await api.app.request('/api/attempts', {
      method: 'PUT',
      body,
      headers: { authorization: `Bearer ${api.token}` },
    })
    expect([answer.status, sessionTime.length]).toEqual([200, 24])
  })

  it.each([
    ['no params', { params: undefined }],
    ['a time without an offset', { sessionTime: '2026-03-01' }],
    ['a day that is none', { sessionTime: '2026-02-31T00:00:00Z' }],
    ['the year 0', { sessionTime: '0000-01-01T00:00:00Z' }],
    ['the year 9999', { sessionTime: '9999-01-01T00:00:00Z' }],
    ['a word for an id', { workflowId: 'x' }],
    ['a resume without an attempt', { resume: { mode: 'failed' } }],
  ])('refuses %s', async (_, wrong) => {
    expect((await ask('PUT', '/attempts', { ...request(), ...wrong })).status).toBe(400)
  })

  it('refuses to resume an attempt that is not there', async () => {
    const resume = { mode: 'failed', attemptId: '4711' }
    expect(await ask('PUT', '/attempts', { ...request(), retryAttemptName: 'r', resume })).toMatchObject({
      status: 404,
      body: { message: 'Resource does not exist: session attempt id=4711' },
    })
  })

  it('refuses to resume what another workflow has done', async () => {
    const other = await insertProject(sql, { name: 'shop' })
    const resume = { mode: 'failed', attemptId: (await start()).id }
    const asked = { ...request(), workflowId: other.workflowIds[0], retryAttemptName: 'r', resume }
    const { status, body } = await ask('PUT', '/attempts', asked)
    const message = `Attempt ${resume.attemptId} is of weather / daily, and cannot be resumed as shop / daily`
    expect([status, body.message]).toEqual([400, message])
  })

  it.each(['[]', '{', '"x"'])('refuses the body %s', async (body) => {
    const init = { method: 'PUT', body, headers: { authorization: `Bearer ${api.token}` } }
    expect((await api.app.request('/api/attempts', init)).status).toBe(400)
  })

  it('reads no more than 4 MiB', async () => {
    const params = { day: 'x'.repeat(4 * 1024 * 1024) }
    const { status, body } = await ask('PUT', '/attempts', { ...request(), params })
    expect([status, body.message]).toEqual([413, 'The body is too large'])
  })

  it('takes params of at most 256 KiB, which every task gets', async () => {
    const send = (bytes: number) => ask('PUT', '/attempts', { ...request(), params: { day: 'x'.repeat(bytes) } })
    expect((await send(250 << 10)).status).toBe(200)
    expect((await ask('PUT', '/attempts', { ...request(), params: { day: '\u65e5'.repeat(100 << 10) } })).status).toBe(
      400,
    )
    const { status, body } = await send(256 << 10)
    expect([status, body.message]).toEqual([
      400,
      expect.stringMatching(/^The field params is wrong: they are longer than 256 KiB as JSON/),
    ])
  })

  it('answers 404 for a workflow that is not there', async () => {
    const { status, body } = await ask('PUT', '/attempts', { ...request(), workflowId: '999' })
    expect([status, body.message]).toEqual([404, 'Resource does not exist: workflow id=999'])
  })
})

describe('POST /api/attempts/{id}/retry', () => {
  it('resumes what failed, with the newest files, unless told otherwise', async () => {
    const first = await start()
    await end(first.id, 'error')
    const { status, body } = await ask('POST', `/attempts/${first.id}/retry`, { params: { b: '2' } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ index: 2, sessionId: first.sessionId, params: { day: 'x', b: '2' } })
    expect(body.retryAttemptName).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('runs everything, or from a task on, with the files of a revision', async () => {
    const { id } = await start()
    await end(id, 'success')
    const retry = (body: object) => ask('POST', `/attempts/${id}/retry`, body)
    expect((await retry({ mode: 'all', revision: 'keep', name: 'second' })).body.retryAttemptName).toBe('second')
    expect((await retry({ mode: 'from', from: '+daily+say', revision: 'v1' })).status).toBe(200)
    expect((await retry({ mode: 'all', name: 'second' })).status).toBe(409)
    expect((await retry({ mode: 'from' })).status).toBe(400)
    expect((await retry({ revision: 'v9' })).status).toBe(404)
  })
})

describe('POST /api/attempts/{id}/kill', () => {
  it('answers the attempt as it was, and says how to look when it is over', async () => {
    const { id } = await start()
    expect(await ask('POST', `/attempts/${id}/kill`)).toMatchObject({
      status: 200,
      body: { id, cancelRequested: false },
    })
    expect(await api.json(`/attempts/${id}`)).toMatchObject({ status: 'killed', cancelRequested: true })
    const again = await api.send('POST', `/attempts/${id}/kill`)
    expect([again.status, again.headers.get('sluice-hint')]).toEqual([409, `See how it ended: sluice tasks ${id}`])
    expect((await api.send('POST', '/attempts/4711/kill')).status).toBe(404)
  })
})

describe('POST /api/tasks/{id}/decide', () => {
  it('decides about an unknown task, and about no other', async () => {
    const attempt = await start()
    const [, task] = await api.list(`/attempts/${attempt.id}/tasks`)
    const decide = (as: string) => ask('POST', `/tasks/${task?.id}/decide`, { as })
    expect((await decide('success')).status).toBe(409)
    await sql`update tasks set state = 'unknown' where id = ${task?.id ?? ''}`
    expect((await decide('maybe')).status).toBe(400)
    expect(await decide('success')).toEqual({ status: 200, body: { id: task?.id, as: 'success' } })
    expect(await api.json(`/attempts/${attempt.id}`)).toMatchObject({ status: 'success' })
    expect((await api.send('POST', '/tasks/4711/decide', { as: 'retry' })).status).toBe(404)
  })
})

describe('PUT /api/projects/{project}/builder', () => {
  it('is what the next deploy uses', async () => {
    const builder = { kind: 'dockerfile', path: 'docker/Dockerfile', args: { A: 'b' } }
    expect((await ask('PUT', '/projects/weather/builder', builder)).body).toEqual({ project: 'weather', builder })
    expect(await api.json('/projects/weather')).toMatchObject({ builder })
  })

  it.each([{ kind: 'magic' }, { kind: 'dockerfile', path: '../x' }, { kind: 'dockerfile', path: '/x' }])(
    'refuses %j',
    async (wrong) => {
      expect((await ask('PUT', '/projects/weather/builder', wrong)).status).toBe(400)
    },
  )
})

describe('/api/tokens', () => {
  it('makes, lists and revokes', async () => {
    const made = await ask('POST', '/tokens', { name: 'laptop' })
    expect(made.body).toEqual({ name: 'laptop', token: expect.stringMatching(/^sluice_/) })
    const laptop = (await api.list('/tokens')).find((each) => each.name === 'laptop')
    expect(laptop).toEqual({ id: expect.any(String), name: 'laptop', createdAt: expect.any(String), lastUsedAt: null })
    expect((await ask('DELETE', `/tokens/${laptop?.id}`)).status).toBe(200)
    expect((await ask('DELETE', `/tokens/${laptop?.id}`)).status).toBe(404)
    expect((await ask('POST', '/tokens', {})).status).toBe(400)
  })
})

describe('a schedule', () => {
  it('is disabled and enabled, with what was missed or without', async () => {
    const config = { schedule: { 'hourly>': '00:00' }, '+say': { 'echo>': 'hi' } }
    await insertProject(sql, { name: 'timed', timezone: 'UTC', config })
    const id = (await api.list('/projects/timed/schedules'))[0]?.id
    const off = await ask('POST', `/schedules/${id}/disable`, {})
    expect(off.body).toMatchObject({ id, disabledAt: '2026-03-28T06:14:08Z', updatedAt: '2026-03-28T06:00:00Z' })
    expect(await ask('POST', `/schedules/${id}/disable`, {})).toEqual(off)
    const on = await ask('POST', `/schedules/${id}/enable`, {})
    expect(on.body).toMatchObject({ disabledAt: null, nextRunTime: '2026-03-28T07:00:00Z' })
    const skip = { skipSchedule: true, nextTime: '2026-03-28T11:30:00' }
    expect((await ask('POST', `/schedules/${id}/enable`, skip)).body).toMatchObject({
      nextRunTime: '2026-03-28T12:00:00Z',
      nextScheduleTime: '2026-03-28T12:00:00+00:00',
    })
    const longAgo = { skipSchedule: true, nextTime: '1970-01-02T00:00:00' }
    expect(await ask('POST', `/schedules/${id}/enable`, longAgo)).toMatchObject({
      status: 400,
      body: { message: 'nextTime is more than a year ago: 1970-01-02T00:00:00Z' },
    })
    await sql`update schedules set held_at = '2026-03-28T06:00:00Z' where id = ${id ?? ''}`
    expect((await api.list('/projects/timed/schedules'))[0]).toMatchObject({ heldAt: '2026-03-28T06:00:00Z' })
    expect((await ask('POST', `/schedules/${id}/enable`, {})).body).toMatchObject({ heldAt: null })
    expect((await api.send('POST', '/schedules/4711/enable')).status).toBe(404)
  })
})
