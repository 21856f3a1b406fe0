import { afterAll, describe, expect, it } from 'vitest'
import { appendLog, closeLog } from '../../../src/db/logs.ts'
import type { FollowEvent } from '../../../src/http/api/follow.ts'
import { openTestSchema } from '../../support/schema.ts'
import { openApi } from './door.ts'
import { insertAttempt, insertProject, insertTask } from './rows.ts'

const { sql, drop } = await openTestSchema('api-following')
const { get, hints } = await openApi(sql)
afterAll(async () => {
  await hints.close()
  await drop()
})
const now = new Date('2026-03-28T06:00:01Z')
const weather = await insertProject(sql)
const append = (id: Awaited<ReturnType<typeof insertTask>>['logId'], text: string) =>
  appendLog(sql, id, Buffer.from(text), now)

/** The events of an answer, `alive` left out; `next` waits for one. */
function readEvents(answer: Response) {
  const lines = (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  return async function next(): Promise<FollowEvent> {
    for (;;) {
      const end = rest.indexOf('\n')
      if (end >= 0) {
        const event = JSON.parse(rest.slice(0, end)) as FollowEvent
        rest = rest.slice(end + 1)
        if (event.kind !== 'alive') return event
        continue
      }
      const { value, done } = await lines.read()
      if (done) throw new Error('the stream has ended')
      rest += value
    }
  }
}
const text = (event: FollowEvent) => (event.kind === 'log' ? Buffer.from(event.bytes, 'base64').toString() : event.kind)

describe('following an attempt', () => {
  it('tells moves and log as they come, and the end', async () => {
    const attempt = await insertAttempt(sql, weather)
    const task = await insertTask(sql, attempt.id, { state: 'running' })
    await append(task.logId, 'one\n')
    const next = readEvents(await get(`/attempts/${attempt.id}/follow?follow`))
    expect(await next()).toEqual({
      kind: 'task',
      id: task.id,
      fullName: '+daily+say',
      state: 'running',
      exitCause: null,
    })
    expect(text(await next())).toBe('one\n')
    await append(task.logId, 'two\n')
    expect(text(await next())).toBe('two\n')
    await sql.begin(async (tx) => {
      await tx`update tasks set state = 'success', lease_until = null, changed_at = ${now} where id = ${task.id}`
      await closeLog(tx, task.logId, now)
      await tx`update attempts set state = 'success', finished_at = ${now} where id = ${attempt.id}`
      await tx`select pg_notify('sluice', ${`attempt:${attempt.id}`})`
    })
    expect(await next()).toMatchObject({ kind: 'task', state: 'success' })
    expect(await next()).toEqual({ kind: 'end', status: 'success' })
  })

  it('without following tells what there is', async () => {
    const attempt = await insertAttempt(sql, weather)
    const { logId } = await insertTask(sql, attempt.id, { state: 'running' })
    await append(logId, 'one\n')
    const next = readEvents(await get(`/attempts/${attempt.id}/follow`))
    expect([await next(), await next(), await next()]).toMatchObject([
      { kind: 'task' },
      { kind: 'log' },
      { kind: 'end', status: 'running' },
    ])
  })
})

describe('what ends in one moment', () => {
  it('is told from below: a group after the task that ended it', async () => {
    const attempt = await insertAttempt(sql, weather)
    for (const [fullName, state] of [
      ['+daily', 'success'],
      ['+daily+a', 'success'],
      ['+daily+b', 'running'],
      ['+daily+c', 'running'],
    ] as const)
      await insertTask(sql, attempt.id, { fullName, state })
    const next = readEvents(await get(`/attempts/${attempt.id}/follow`))
    const told = [await next(), await next(), await next(), await next()]
    expect(told.map((event) => event.kind === 'task' && event.fullName)).toEqual([
      '+daily+a',
      '+daily',
      '+daily+b',
      '+daily+c',
    ])
  })
})

describe("a task's log", () => {
  it('is its bytes, by name and by id, to the end', async () => {
    const attempt = await insertAttempt(sql, weather)
    const task = await insertTask(sql, attempt.id)
    await append(task.logId, 'one\n')
    await closeLog(sql, task.logId, now)
    expect(await (await get(`/attempts/${attempt.id}/tasks/${task.id}/log?follow`)).text()).toBe('one\n')
    expect(await (await get(`/attempts/${attempt.id}/tasks/%2Bdaily%2Bsay/log`)).text()).toBe('one\n')
  })

  it('is refused when there is no such task, nor will be', async () => {
    const attempt = await insertAttempt(sql, weather, { state: 'success' })
    const answer = await get(`/attempts/${attempt.id}/tasks/%2Bnosuch/log?follow`)
    expect([answer.status, await answer.json(), answer.headers.get('sluice-hint')]).toEqual([
      404,
      { status: 404, message: `Resource does not exist: task +nosuch in attempt id=${attempt.id}` },
      `List what there is: sluice tasks ${attempt.id}`,
    ])
  })

  it('stops listening when its reader goes', async () => {
    const attempt = await insertAttempt(sql, weather)
    const task = await insertTask(sql, attempt.id, { state: 'running' })
    await append(task.logId, 'one\n')
    const { body } = await get(`/attempts/${attempt.id}/tasks/${task.id}/log?follow`)
    const reader = body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('one\n')
    await reader?.cancel()
  })
})
