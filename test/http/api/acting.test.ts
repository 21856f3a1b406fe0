import { afterAll, describe, expect, it } from 'vitest'
import type { AttemptId } from '../../../src/brand.ts'
import type { StartRequest } from '../../../src/http/api/ports.ts'
import { openTestSchema } from '../../support/schema.ts'
import { openApi } from './door.ts'
import { insertAttempt, insertProject } from './rows.ts'

const { sql, drop } = await openTestSchema('api-acting')
afterAll(drop)
const weather = await insertProject(sql)
const attempt = await insertAttempt(sql, weather, { params: { a: '1', b: '1' } })
const workflowId = weather.workflowIds[0]

/** An API whose `startAttempt` notes what it is asked for. */
async function openStarting(kind: 'started' | 'conflict' = 'started') {
  const asked: StartRequest[] = []
  const api = await openApi(sql, {
    startAttempt: async (request) => {
      asked.push(request)
      return { kind, attemptId: attempt.id }
    },
  })
  await api.hints.close()
  return { ...api, asked }
}
const plain = { workflowId, sessionTime: '2026-03-01T00:00:00.789Z', params: { day: 'x' } }

describe('PUT /api/attempts', () => {
  it('starts an attempt of a whole second', async () => {
    const { send, asked } = await openStarting()
    const answer = await send('PUT', '/attempts', {
      ...plain,
      workflowId: Number(workflowId),
      retryAttemptName: null,
      resume: null,
    })
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ id: attempt.id, status: 'running' }),
    ])
    expect(asked).toEqual([
      {
        workflowId,
        sessionTime: new Date('2026-03-01T00:00:00Z'),
        params: { day: 'x' },
        retryName: '',
        resume: null,
        startedBy: 'admin',
      },
    ])
  })

  it('answers 409 with the attempt that was first', async () => {
    const { send } = await openStarting('conflict')
    const answer = await send('PUT', '/attempts', plain)
    expect([answer.status, await answer.json()]).toEqual([409, expect.objectContaining({ id: attempt.id })])
  })

  it('reads where to resume', async () => {
    const { send, asked } = await openStarting()
    await send('PUT', '/attempts', {
      ...plain,
      resume: { mode: 'from', from: '+b', attemptId: '555' },
      retryAttemptName: 'again',
    })
    expect(asked[0]).toMatchObject({ resume: { mode: 'from', from: '+b', attemptId: '555' }, retryName: 'again' })
  })

  it.each([
    ['no params', { ...plain, params: undefined }],
    ['a time without an offset', { ...plain, sessionTime: '2026-03-01' }],
    ['a word for an id', { ...plain, workflowId: 'x' }],
    ['a list', []],
  ])('refuses %s', async (_, body) => {
    const { send } = await openStarting()
    expect((await send('PUT', '/attempts', body)).status).toBe(400)
  })

  it('answers 404 for a workflow that is not there', async () => {
    const { send } = await openStarting()
    const answer = await send('PUT', '/attempts', { ...plain, workflowId: '999' })
    expect([answer.status, await answer.json()]).toEqual([
      404,
      expect.objectContaining({ message: 'Resource does not exist: workflow id=999' }),
    ])
  })
})

describe('POST /api/attempts/{id}/retry', () => {
  it('resumes what failed, with the newest files, unless told otherwise', async () => {
    const { send, asked } = await openStarting()
    expect((await send('POST', `/attempts/${attempt.id}/retry`, { params: { b: '2' } })).status).toBe(200)
    expect(asked[0]).toMatchObject({
      workflowId,
      sessionTime: new Date('2026-03-27T15:00:00Z'),
      params: { a: '1', b: '2' },
      resume: { mode: 'failed', attemptId: attempt.id },
    })
    expect(asked[0]?.retryName).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('runs everything, or from a task on', async () => {
    const { send, asked } = await openStarting()
    await send('POST', `/attempts/${attempt.id}/retry`, { mode: 'all', revision: 'keep', name: 'second' })
    await send('POST', `/attempts/${attempt.id}/retry`, { mode: 'from', from: '+daily+say', revision: 'v1' })
    expect(asked).toMatchObject([
      { resume: null, retryName: 'second' },
      { resume: { mode: 'from', from: '+daily+say', attemptId: attempt.id } },
    ])
    expect((await send('POST', `/attempts/${attempt.id}/retry`, { mode: 'from' })).status).toBe(400)
    expect((await send('POST', `/attempts/${attempt.id}/retry`, { revision: 'v9' })).status).toBe(404)
  })
})

describe('POST /api/attempts/{id}/kill', () => {
  it('answers the attempt as it was', async () => {
    const killed: unknown[] = []
    const api = await openApi(sql, {
      cancelAttempt: async (id: AttemptId, who: string) => {
        killed.push([id, who])
        return 'canceling'
      },
    })
    await api.hints.close()
    const answer = await api.send('POST', `/attempts/${attempt.id}/kill`)
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ id: attempt.id, cancelRequested: false }),
    ])
    expect(killed).toEqual([[attempt.id, 'admin']])
  })

  it('says how to look when it is over', async () => {
    const api = await openApi(sql, { cancelAttempt: async () => 'already over' })
    await api.hints.close()
    const answer = await api.send('POST', `/attempts/${attempt.id}/kill`)
    expect([answer.status, await answer.json()]).toEqual([
      409,
      expect.objectContaining({ hint: `See how it ended: sluice tasks ${attempt.id}` }),
    ])
    expect((await api.send('POST', '/attempts/4711/kill')).status).toBe(404)
  })
})

describe('POST /api/tasks/{id}/decide', () => {
  it('decides in the name of who asks', async () => {
    const decided: unknown[] = []
    const api = await openApi(sql, { decideUnknown: async (...all) => decided.push(all.slice(0, 3)) })
    await api.hints.close()
    expect((await api.send('POST', '/tasks/7/decide', { as: 'retry' })).status).toBe(200)
    expect((await api.send('POST', '/tasks/7/decide', { as: 'maybe' })).status).toBe(400)
    expect(decided).toEqual([['7', 'retry', 'admin']])
  })
})

describe('/api/tokens', () => {
  it('makes, lists and revokes', async () => {
    const { send, list, hints } = await openApi(sql)
    await hints.close()
    const made = await send('POST', '/tokens', { name: 'laptop' })
    expect(await made.json()).toEqual({ name: 'laptop', token: expect.stringMatching(/^sluice_/) })
    const laptop = (await list('/tokens')).find((each) => each.name === 'laptop')
    expect(laptop).toEqual({ id: expect.any(String), name: 'laptop', createdAt: expect.any(String), lastUsedAt: null })
    expect((await send('DELETE', `/tokens/${laptop?.id}`)).status).toBe(200)
    expect((await send('DELETE', `/tokens/${laptop?.id}`)).status).toBe(404)
    expect((await send('POST', '/tokens', {})).status).toBe(400)
  })
})
