import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, statfsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/db/embedded.ts'
import { type Database, openDatabase } from '../../src/db/sql.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { freePort } from '../support/stores.ts'
import { endOf, eventually, logHas, logOf, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

/** A disk of its own needs a mount, and that needs root. */
const ofRoot = process.getuid?.() === 0 ? undefined : 'it needs root'
const obstacle = process.env.SLUICE_TEST_LONG === 'yes' ? ofRoot : 'it needs --long'
const skipped = obstacle === undefined ? '' : ` (skipped: ${obstacle})`

/** What it says is kept in `said`, to be compared with its log. */
const loud = (said: string) => `echo begun >> starts.txt; echo here
while [ ! -e go ]; do sleep 0.1; done
head -c 1000000 /dev/urandom | base64 | tee ${said}
`
const WORKFLOW = `+loud:
  sh>: sh loud.sh
+count:
  sh>: cat starts.txt
`
const SENTENCE = 'PostgreSQL has no room to write on its disk'

describe.skipIf(obstacle)(`the disk of PostgreSQL that is full${skipped}`, () => {
  let folder: string
  let outside: string
  let start: () => Promise<EmbeddedPostgres>
  let postgres: EmbeddedPostgres
  let server: TestServer
  let project: Project

  beforeAll(async () => {
    outside = await mkdtemp(join(tmpdir(), 'sluice-said-'))
    await chmod(outside, 0o777) // tasks of root run as somebody else
    folder = await mkdtemp(join(tmpdir(), 'sluice-full-'))
    await chmod(folder, 0o755)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320m,mode=0755', 'tmpfs', folder])
    const settings = [`port=${await freePort()}`, 'max_wal_size=64MB', 'min_wal_size=32MB']
    start = () => openEmbeddedPostgres(join(folder, 'postgres'), settings)
    postgres = await start()
    server = await startServer({
      database: 'embedded',
      env: { DATABASE_URL: postgres.url, SLUICE_EXECUTOR: 'process' },
    })
    project = await makeProject(server, { 'loud.dig': WORKFLOW, 'loud.sh': loud(join(outside, 'said')) })
    must(await project.push())
  }, STORY_MS)
  afterAll(async () => {
    await server?.stop()
    await project?.remove()
    await makeRoom()
    await postgres?.stop()
    execFileSync('umount', ['--lazy', folder])
    for (const one of [folder, outside]) await rm(one, { recursive: true, force: true })
  }, STORY_MS)

  const filler = () => join(folder, 'filler')
  const makeRoom = () => rm(filler(), { force: true })
  /** PostgreSQL frees a little when it fails. */
  const fill = () =>
    eventually(async () => {
      spawnSync('sh', ['-c', 'cat /dev/zero >> "$0"', filler()]) // until there is no room
      return statfsSync(folder).bavail === 0
    })
  const workspace = (id: string) => join(server.home, 'workers/1/attempts', id, 'workspace')
  /** Its log is what the task said, byte by byte, and its command ran once. */
  async function expectWhole(id: string) {
    expect(await endOf(server, id)).toMatchObject({ status: 'success' })
    const said = await readFile(join(outside, 'said'), 'utf8')
    const log = await logOf(server, id, '+loud+loud')
    expect(log === `here\n${said}`).toBe(true)
    expect(await logOf(server, id, '+loud+count')).toBe('begun\n')
  }
  async function startLoud() {
    const id = await project.start('loud')
    await logHas(server, id, '+loud+loud', 'here\n')
    return id
  }
  async function withAdmin(act: (sql: Database) => Promise<unknown>) {
    const sql = openDatabase(postgres.url, { max: 1 })
    await act(sql).finally(() => sql.end({ timeout: 1 }))
  }

  /** A file of its log of writes is full then, and the next one has begun. */
  async function writeToLog(sql: Database) {
    await sql`select pg_switch_wal()`
    await sql`select pg_logical_emit_message(true, 'test', 'begun')`
  }

  it(
    'is told in one sentence, by worker and web; nothing is lost or doubled, and all goes on when there is room',
    async () => {
      const id = await startLoud()
      await withAdmin(writeToLog) // what fails first must be a table, and not the log of writes: it has a whole new file before it
      await fill()
      await writeFile(join(workspace(id), 'go'), '')
      await eventually(async () => server.output().includes(SENTENCE))
      await project.commit({ 'large.bin': randomBytes(1_000_000).toString('base64') })
      const push = project.startPush()
      await eventually(async () => push.seen().includes('no room'))
      await makeRoom()
      expect((await push.ended).code).toBe(1)
      await expectWhole(id)
      must(await project.push())
      expect(server.output().split(SENTENCE).length - 1).toBeLessThan(3)
      expect(server.output()).not.toMatch(/No space left|^\s+at /m)
    },
    STORY_MS,
  )

  it(
    'and cannot even log its own writes ends PostgreSQL: what ran runs on, and is whole when it is started again',
    async () => {
      const id = await startLoud()
      await withAdmin(async (sql) => {
        await fill()
        await eventually(async () => {
          await writeToLog(sql).catch(() => {}) // which of its writes fails first, and how, is PostgreSQL's own affair
          return !existsSync(join(folder, 'postgres/data/postmaster.pid'))
        })
      })
      await writeFile(join(workspace(id), 'go'), '')
      await eventually(async () => (await fetch(`${server.url}/readyz`)).status === 503)
      await makeRoom()
      postgres = await start()
      await expectWhole(id)
    },
    STORY_MS,
  )
})
