import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { appendLog, closeLog } from '../../../src/db/logs.ts'
import { openTestSchema } from '../../support/schema.ts'
import { openApi } from './door.ts'
import { insertAttempt, insertProject, insertTask } from './rows.ts'

const { sql, drop } = await openTestSchema('api-reading')
const { get, json, list, hints } = await openApi(sql)
afterAll(async () => {
  await hints.close()
  await drop()
})

const weather = await insertProject(sql)
const shop = await insertProject(sql, { name: 'shop', workflows: ['a', 'b'], timezone: 'UTC' })
const first = await insertAttempt(sql, weather, { state: 'error', params: { day: '1' } })
const second = await insertAttempt(sql, weather, { sessionTime: new Date('2026-03-27T15:00:00Z') })
const task = await insertTask(sql, second.id)
const project = { id: weather.id, name: 'weather' }
const workflow = { id: weather.workflowIds[0], name: 'daily' }

describe('projects', () => {
  it('have the shape of Digdag and more', async () => {
    expect(await json(`/projects/${weather.id}`)).toEqual({
      ...project,
      revision: 'a1b2c3d4e5f6',
      createdAt: '2026-03-28T06:00:00Z',
      updatedAt: '2026-03-28T06:00:00Z',
      deletedAt: null,
      archiveType: 'db',
      archiveMd5: 'q1w2e3==',
      revisionNumber: 1,
      branch: 'main',
      builder: {},
    })
  })

  it('are found by whole name, by a part of it, and paged by id', async () => {
    const names = async (query: string) => (await list(`/projects?${query}`)).map((each) => each.name)
    expect(await names('name=shop')).toEqual(['shop'])
    expect(await names('name=sho')).toEqual([])
    expect(await names('name_pattern=ho')).toEqual(['shop'])
    expect(await names('count=1')).toEqual(['weather'])
    expect(await names(`last_id=${weather.id}`)).toEqual(['shop'])
  })

  it('answer by name as well', async () => {
    expect(await json('/projects/shop')).toMatchObject({ id: shop.id })
  })

  it('have a revision without a name before anything is deployed, since clients of Digdag need one', async () => {
    await sql`insert into projects (name, created_at) values ('fresh', now())`
    expect(await json('/projects/fresh')).toMatchObject({ revision: '', revisionNumber: null, archiveMd5: null })
  })

  it('and their workflows answer in the old way too', async () => {
    expect(await json('/project?name=shop')).toMatchObject({ id: shop.id })
    expect(await json('/workflow?project=shop&name=a')).toMatchObject({ name: 'a', project: { name: 'shop' } })
    const refused = await get('/workflow?name=shop')
    expect([refused.status, await refused.json()]).toMatchObject([400, { message: 'project= is required' }])
  })

  it('say what is missing in the words of Digdag', async () => {
    const answer = await get('/projects/99')
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ status: 404, message: 'Resource does not exist: project id=99' })
  })

  it('list revisions, workflows, schedules and sessions', async () => {
    expect(await list('/projects/weather/revisions')).toMatchObject([
      { revision: 'a1b2c3d4e5f6', number: 1, userInfo: { name: 'ana' } },
    ])
    expect(await list('/projects/shop/workflows?revision=v1&name=b')).toMatchObject([{ name: 'b' }])
    expect(await list('/projects/shop/workflows?name=zzz')).toEqual([])
    expect((await get('/projects/shop/workflows?revision=nope')).status).toBe(404)
    expect(await json('/project?name=shop')).toEqual(await json('/projects/shop'))
    expect(await json('/workflow?project=shop&name=b')).toEqual(await json('/projects/shop/workflows/b'))
    expect(await json('/projects/shop/workflows/nope')).toEqual({
      status: 404,
      message: expect.stringMatching(/^Resource does not exist: workflow name=nope in revision id=\d+$/),
    })
    expect(await json('/projects/shop/workflows/b')).toMatchObject({ name: 'b', project: { name: 'shop' } })
    expect(await list('/projects/shop/schedules?workflow=a')).toHaveLength(1)
    expect(await list('/projects/weather/sessions?page_size=1')).toMatchObject([{ id: second.sessionId }])
  })
})

describe('schedules', () => {
  it('show the session on the wall of their zone', async () => {
    const schedules = await list('/projects/weather/schedules')
    expect(schedules).toEqual([
      {
        id: expect.any(String),
        project,
        workflow,
        nextRunTime: '2026-03-28T07:00:00Z',
        nextScheduleTime: '2026-03-28T00:00:00+09:00',
        disabledAt: null,
        heldAt: null,
        waitingSince: null,
        refusedBecause: null,
        elsewhere: null,
        lastSkip: null,
        timezone: 'Asia/Tokyo',
      },
    ])
    expect(await json(`/schedules/${schedules[0]?.id}`)).toEqual(schedules[0])
    expect(await list('/schedules')).toHaveLength(3)
  })
})

describe('workflows', () => {
  it('are those of the current revisions', async () => {
    const names = async (query: string) => (await list(`/workflows?${query}`)).map((each) => each.name)
    expect(await names('')).toEqual(['daily', 'a', 'b'])
    expect(await names('order=desc&count=2')).toEqual(['b', 'a'])
    expect(await names('name_pattern=weath')).toEqual([])
    expect(await names('name_pattern=weath&search_project_name=true')).toEqual(['daily'])
  })

  it('truncate a session time', async () => {
    const of = (query: string) => json(`/workflows/${weather.workflowIds[0]}/truncated_session_time?${query}`)
    expect(await of('session_time=2026-03-01T00:00')).toEqual({
      project,
      revision: 'a1b2c3d4e5f6',
      sessionTime: '2026-03-01T00:00:00+09:00',
      timezone: 'Asia/Tokyo',
    })
    expect(await of('session_time=2026-03-01T10:20:10.42Z&mode=day')).toMatchObject({
      sessionTime: '2026-03-01T00:00:00+09:00',
    })
    expect(await of('')).toMatchObject({ message: 'session_time= is required' })
    expect(
      (
        await get(
          `/workflows/${weather.workflowIds[0]}/truncated_session_time?session_time=2026-03-01T00:00&mode=minute`,
        )
      ).status,
    ).toBe(404)
  })
})

describe('attempts', () => {
  it('have the shape of Digdag and more', async () => {
    expect(await json(`/attempts/${first.id}`)).toEqual({
      id: first.id,
      index: 1,
      status: 'error',
      project,
      workflow,
      sessionId: first.sessionId,
      sessionUuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sessionTime: '2026-03-28T00:00:00+09:00',
      retryAttemptName: null,
      done: true,
      success: false,
      cancelRequested: false,
      params: { day: '1' },
      createdAt: '2026-03-28T06:00:00Z',
      finishedAt: '2026-03-28T06:00:00Z',
      revision: { name: 'a1b2c3d4e5f6', number: 1 },
      startedBy: 'ana',
    })
  })

  it('are the last of each session, unless retried ones are asked for', async () => {
    const ids = async (query: string) => (await list(`/attempts?${query}`)).map((each) => each.id)
    expect(await ids('project=weather')).toEqual([second.id])
    expect(await ids('project=weather&include_retried=true')).toEqual([second.id, first.id])
    expect(await ids(`include_retried=true&last_id=${second.id}`)).toEqual([first.id])
    expect(await ids('workflow=nope')).toEqual([])
    expect((await get('/attempts?project=nope')).status).toBe(404)
    expect(await list(`/attempts/${first.id}/retries`)).toHaveLength(2)
    expect(await list(`/sessions/${first.sessionId}/attempts`)).toHaveLength(2)
    expect(await json(`/sessions/${first.sessionId}`)).toMatchObject({
      lastAttempt: { id: second.id, retryAttemptName: 'retry-2' },
    })
  })

  it.each(['/attempts?last_id=abc', '/attempts/abc', '/attempts/9999999999999999999', '/nothing'])(
    'answer an empty 404 for %s',
    async (path) => {
      const answer = await get(path)
      expect([answer.status, await answer.text()]).toEqual([404, ''])
    },
  )

  it('refuse a page that is too large, in the words of Digdag', async () => {
    const answer = await get('/attempts?page_size=101')
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({
        message:
          'Your specified page_size is Optional.of(101), but it is larger than MAX_PAGE_SIZE: 100. You must specify page_size with a number which is smaller than 100.',
      }),
    ])
    expect(await list('/attempts?page_size=0')).toEqual([])
  })
})

describe('tasks', () => {
  it('have the shape of Digdag and more', async () => {
    expect(await list(`/attempts/${second.id}/tasks`)).toEqual([
      {
        id: task.id,
        fullName: '+daily+say',
        parentId: null,
        config: { 'echo>': 'hi', _export: { who: 'ana' } },
        upstreams: [],
        isGroup: false,
        state: 'success',
        cancelRequested: false,
        exportParams: { who: 'ana' },
        storeParams: {},
        stateParams: {},
        updatedAt: '2026-03-28T06:00:00Z',
        retryAt: null,
        startedAt: '2026-03-28T06:00:00Z',
        error: {},
        exitCause: null,
        queue: 'default',
      },
    ])
  })
})

describe('log files', () => {
  it('are gzip files with names of Digdag', async () => {
    await appendLog(sql, task.logId, Buffer.from('one\n'), new Date())
    await appendLog(sql, task.logId, Buffer.from([0xff, 10]), new Date())
    await closeLog(sql, task.logId, new Date())
    const files = await list(`/logs/${second.id}/files?task=%2Bdaily`)
    expect(files).toEqual([
      {
        fileName: '+daily+say@69c76e6000000000.host-1.log.gz',
        fileSize: expect.any(Number),
        taskName: '+daily+say',
        fileTime: '2026-03-28T06:00:00Z',
        agentId: 'host/1',
        direct: null,
      },
    ])
    const answer = await get(`/logs/${second.id}/files/${files[0]?.fileName}`)
    expect(answer.headers.get('content-type')).toBe('application/gzip')
    expect(gunzipSync(await answer.arrayBuffer())).toEqual(Buffer.from('one\n\xff\n', 'latin1'))
    expect((await get(`/logs/${second.id}/files/nope`)).status).toBe(404)
  })
})
