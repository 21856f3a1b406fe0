import { afterAll, describe, expect, it } from 'vitest'
import { rowsOf } from '../../support/rows.ts'
import { openTestSchema } from '../../support/schema.ts'
import { openApi } from './door.ts'
import { insertAttempt, insertProject, insertTask } from './rows.ts'

const { sql, drop } = await openTestSchema('api-fleet')
const now = new Date('2026-03-28T06:14:08Z')
const { json, list, hints } = await openApi(sql, { now: () => now })
afterAll(async () => {
  await hints.close()
  await drop()
})

const rows = rowsOf(sql, now)
await rows.worker('fra1/0', { queues: ['default', 'gpu'] })
await rows.worker('ams2/0', { silent: 12 })
await insertTask(sql, (await insertAttempt(sql, await insertProject(sql), { state: 'running' })).id, {
  state: 'running',
})
await sql`insert into queue_minutes values ('default', date_trunc('minute', ${now}::timestamptz), 8)`

describe('workers', () => {
  it('are told with their state, and what they have done', async () => {
    expect((await list('/workers')).map(({ name, state, running }) => [name, state, running])).toEqual([
      ['ams2/0', 'gone', 0],
      ['fra1/0', 'online', 0],
      ['host/1', 'gone', 1],
    ])
    const answer = (await json('/workers')) as { workers: object[] }
    expect(answer.workers[1]).toMatchObject({
      ...{
        host: 'fra1/0',
        slots: 4,
        queues: ['default', 'gpu'],
        processed: 8412,
        failed: 31,
        succeeded: 0,
        retried: 0,
      },
      ...{ heardAt: '2026-03-28T06:14:08Z', stoppedAt: null },
    })
  })
})

describe('queues', () => {
  it('are told with what waits and what flows', async () => {
    const { queues } = (await json('/queues')) as { queues: object[] }
    expect(queues).toMatchObject([
      { name: 'default', waiting: 0, oldestReadyAt: null, perMinute: 1.9, workers: 1 },
      { name: 'gpu', waiting: 0, perMinute: 0, workers: 1 },
    ])
  })
})
