import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../src/db/sql.ts'
import { makeDatabase, startServer, type TestServer } from '../support/server.ts'
import { eventually, logOf, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

/** Due twice while a task runs: there is always one that waits. */
const WORKFLOW = `schedule:
  seconds_interval>: 2
  _overlap: queue
+a:
  sh>: echo begun; sleep 4; echo "done $session_unixtime"
`

let database: Awaited<ReturnType<typeof makeDatabase>>
let sql: Database
let server: TestServer
let project: Project

beforeAll(async () => {
  database = await makeDatabase()
  sql = openDatabase(database.url, { max: 2 })
  server = await startServer({ env: { SLUICE_EXECUTOR: 'process', DATABASE_URL: database.url } })
  project = await makeProject(server, { 'queued.dig': WORKFLOW })
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
  await sql?.end({ timeout: 1 })
  await database?.drop()
}, STORY_MS)

type Row = { readonly id: string; readonly session: Date; readonly createdAt: Date; readonly finishedAt: Date | null }
const attempts = () => sql<Row[]>`
  select attempts.id, session_time as session, created_at as "createdAt", finished_at as "finishedAt"
  from attempts join sessions on sessions.id = session_id order by attempts.id`
const ended = (count: number) =>
  eventually(async () => {
    const rows = (await attempts()).filter(({ finishedAt }) => finishedAt !== null)
    return rows.length >= count && rows
  })
const waiting = () =>
  eventually(async () => (await sql`select from schedules where waiting_since is not null`).length === 1)

describe('a schedule that queues', () => {
  it(
    'starts each session once, in order and one at a time, though the server is killed while one runs and one waits',
    async () => {
      must(await project.push())
      await ended(1)
      await waiting()
      await server.kill9()
      await server.restart()
      await ended(3)
      await waiting()
      await server.kill9()
      await server.restart()
      const rows = await ended(5)
      const [first] = rows
      expect(rows.map(({ session }) => session.getTime() - (first?.session.getTime() ?? 0))).toEqual(
        rows.map((_, n) => n * 2000),
      )
      for (const [n, { createdAt }] of rows.entries())
        if (n > 0) expect(createdAt.getTime()).toBeGreaterThanOrEqual(rows[n - 1]?.finishedAt?.getTime() ?? Number.NaN)
      for (const { id, session } of rows)
        expect(await logOf(server, id, '+queued+a')).toBe(`begun\ndone ${session.getTime() / 1000}\n`)
      expect(await sql`select held_at as held from schedules`).toEqual([{ held: null }])
      expect(await sql`select session_time from skipped_sessions`).toEqual([])
    },
    STORY_MS,
  )
})
