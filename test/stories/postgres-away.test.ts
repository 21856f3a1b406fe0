import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openProxy } from '../support/proxy.ts'
import { makeDatabase, startServer, type TestServer } from '../support/server.ts'
import { endOf, eventually, logHas, logOf, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

/** Longer than a lease in any case; a minute with --long. */
const AWAY_SECONDS = process.env.SLUICE_TEST_LONG ? 60 : 13

/** Each start leaves a line, and each second that a task runs another. One of them may be started elsewhere when its worker is lost. */
const WORKFLOW = `+both:
  _parallel: true
  +once:
    sh>: echo begun >> starts.txt; echo here; while [ ! -e go ]; do echo tick >> once.txt; sleep 1; done; echo gone on
  +again:
    _retry: 3
    sh>: echo begun >> starts.txt; echo here; while [ ! -e go ]; do echo tick >> again.txt; sleep 1; done; echo gone on
+count:
  sh>: cat starts.txt
`

let database: Awaited<ReturnType<typeof makeDatabase>>
let postgres: Awaited<ReturnType<typeof openProxy>>
let server: TestServer
let project: Project

beforeAll(async () => {
  database = await makeDatabase()
  postgres = await openProxy(new URL(database.url))
  server = await startServer({ database: 'embedded', env: { DATABASE_URL: postgres.url } })
  project = await makeProject(server, { 'both.dig': WORKFLOW })
  must(await project.push())
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
  await postgres?.close()
  await database?.drop()
}, STORY_MS)

const countTicks = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0)

describe(`PostgreSQL away for ${AWAY_SECONDS} s`, () => {
  it.each([
    ['refuses connections', () => postgres.cut()],
    ['answers nothing', async () => postgres.freeze()],
  ])(
    'and %s: no container is killed, nothing is started twice, and the attempt ends well',
    async (_, takeAway) => {
      const id = await project.start('both')
      for (const task of ['once', 'again']) await logHas(server, id, `+both+both+${task}`, 'here\n')
      const workspace = join(server.home, 'workers/1/attempts', id, 'workspace')
      const files = ['once.txt', 'again.txt'].map((name) => join(workspace, name))
      const before = files.map(countTicks)
      await takeAway()
      const hasRun = async () => files.every((file, n) => countTicks(file) >= (before[n] ?? 0) + AWAY_SECONDS)
      await eventually(hasRun)
      await postgres.mend()
      await writeFile(join(workspace, 'go'), '')
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      for (const task of ['once', 'again'])
        expect(await logOf(server, id, `+both+both+${task}`)).toBe('here\ngone on\n')
      expect(await logOf(server, id, '+both+count')).toBe('begun\nbegun\n')
    },
    STORY_MS,
  )
})
