import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/db/sql.ts'
import type { AttemptAnswer, ScheduleAnswer } from '../../src/http/api/answers.ts'
import { makeDatabase, startServer, type TestServer } from '../support/server.ts'
import { endOf, eventually, logOf, makeProject, must, type Project, STORY_MS, tasksOf } from '../support/story.ts'

/** The second try comes after two seconds, and not after an hour and two seconds. The tasks run on the worker whose clock is wrong. */
const FILES = {
  'far.dig': `_queue: far
+twice:
  _retry: {limit: 1, interval: 2}
  sh>: echo try >> tries.txt; test $(wc -l < tries.txt) = 2
+count:
  sh>: cat tries.txt; date -u +%Y
`,
  'hourly.dig': 'timezone: UTC\n\nschedule:\n  hourly>: "30:00"\n\n+a:\n  echo>: hello\n',
}
const HOUR_MS = 3_600_000
const NEAR_MS = 300_000
const AHEAD = { NODE_OPTIONS: `--import=${new URL('../support/skewed-clock.mjs', import.meta.url).href}` }
const SAYS_SO = 's ahead of the database’s; Sluice goes by the database’s.'

const expectNow = (at: string | null | undefined) =>
  expect(Math.abs(new Date(at ?? 0).getTime() - Date.now())).toBeLessThan(NEAR_MS)

describe('a worker whose clock is an hour ahead', () => {
  let server: TestServer
  let worker: Awaited<ReturnType<TestServer['startWorker']>>
  let project: Project
  beforeAll(async () => {
    server = await startServer({ env: { SLUICE_EXECUTOR: 'process' } })
    worker = await server.startWorker({ SLUICE_QUEUES: 'far', ...AHEAD })
    project = await makeProject(server, FILES)
    must(await project.push())
  }, STORY_MS)
  afterAll(async () => {
    await worker?.stop()
    await server?.stop()
    await project?.remove()
  }, STORY_MS)

  it(
    'says so, and changes nothing: leases, retries, times, logs and who follows them are by the database’s clock',
    async () => {
      expect(worker.output()).toContain(SAYS_SO)
      const id = await project.start('far')
      const following = project.sluice('log', '--follow', id)
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+far+count')).toMatch(/^try\ntry\n\d{4}\n$/)
      for (const { startedAt, updatedAt } of await tasksOf(server, id))
        for (const at of [startedAt, updatedAt]) if (at !== null) expectNow(at)
      const followed = must(await following).out // to the end, which it would miss by another clock
      for (const task of ['twice', 'count']) expect(followed).toContain(`+far+${task}`)
      const head = must(await project.sluice('log', id, '+far+count')).out
      const [, day, time] = /^([-\d]+) ([:.\d]+) /.exec(head) ?? []
      expectNow(`${day}T${time}Z`)
      const { workers } = await server.api<{ workers: { heardAt: string; queues: string[] }[] }>('/api/workers')
      expectNow(workers.find(({ queues }) => queues.includes('far'))?.heardAt)
    },
    STORY_MS,
  )
})

describe('a web whose clock is an hour ahead', () => {
  let server: TestServer
  let project: Project
  let database: Awaited<ReturnType<typeof makeDatabase>>
  beforeAll(async () => {
    database = await makeDatabase()
    server = await startServer({
      database: 'embedded',
      env: { DATABASE_URL: database.url, SLUICE_EXECUTOR: 'process', ...AHEAD },
    })
    project = await makeProject(server, FILES)
    must(await project.push())
  }, STORY_MS)
  afterAll(async () => {
    await server?.stop()
    await project?.remove()
    await database?.drop()
  }, STORY_MS)

  const attempts = async () =>
    (await server.api<{ attempts: AttemptAnswer[] }>(`/api/attempts?project=${project.name}`)).attempts

  it(
    'starts schedules when they are due by the database’s clock, each once',
    async () => {
      expect(server.output()).toContain(SAYS_SO)
      const [{ nextRunTime } = { nextRunTime: '' }] = (
        await server.api<{ schedules: ScheduleAnswer[] }>('/api/schedules')
      ).schedules
      const nextAt = new Date(nextRunTime ?? 0).getTime()
      expect(nextAt - Date.now()).toBeGreaterThan(-NEAR_MS)
      expect(nextAt - Date.now()).toBeLessThanOrEqual(HOUR_MS) // by its own clock it would be the one after
      expect(await attempts()).toEqual([])
      const sql = openDatabase(database.url, { max: 1 })
      await sql`update schedules set next_run_at = now()` // as if its time had come
      await sql.end()
      const [made, ...others] = await eventually(async () => {
        const now = await attempts()
        return now.length > 0 && now
      })
      expect(others).toEqual([])
      expectNow(made?.createdAt)
      expect(await endOf(server, made?.id ?? '')).toMatchObject({ status: 'success' })
      expect(await attempts()).toHaveLength(1)
    },
    STORY_MS,
  )
})
