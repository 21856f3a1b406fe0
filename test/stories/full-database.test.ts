import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/db/embedded.ts'
import { openDatabase } from '../../src/db/sql.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { freePort } from '../support/stores.ts'
import { endOf, eventually, logHas, logOf, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

/** A disk of its own needs a mount, and that needs root. */
const isRoot = process.getuid?.() === 0

/** What it says is kept in `said`, to be compared with its log. */
const workflow = (said: string) => `+loud:
  sh>: |
    echo begun >> starts.txt; echo here
    while [ ! -e go ]; do sleep 0.1; done
    head -c 1000000 /dev/urandom | base64 | tee ${said}
+count:
  sh>: cat starts.txt
`
const SENTENCE = 'PostgreSQL has no room to write on its disk'

describe.skipIf(!isRoot)(`the disk of PostgreSQL that is full${isRoot ? '' : ' (skipped: it needs root)'}`, () => {
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
    project = await makeProject(server, { 'loud.dig': workflow(join(outside, 'said')) })
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
  /** Its log is as large as what the task said, and its command ran once. */
  async function expectWhole(id: string) {
    expect(await endOf(server, id)).toMatchObject({ status: 'success' })
    const said = await readFile(join(outside, 'said'), 'utf8')
    expect((await logOf(server, id, '+loud+loud')) === `here\n${said}`).toBe(true)
    expect(await logOf(server, id, '+loud+count')).toBe('begun\n')
  }
  async function startLoud() {
    const id = await project.start('loud')
    await logHas(server, id, '+loud+loud', 'here\n')
    return id
  }
  async function withAdmin(act: (sql: ReturnType<typeof openDatabase>) => Promise<unknown>) {
    const sql = openDatabase(postgres.url, { max: 1 })
    await act(sql).finally(() => sql.end({ timeout: 1 }))
  }

  /** What fails first must be a table, and not the log of writes: it has a whole new file before it. */
  const beginNewWal = () =>
    withAdmin(async (sql) => {
      await sql`select pg_switch_wal()`
      await sql`select pg_logical_emit_message(true, 'test', 'begun')`
    })

  it(
    'is told in one sentence, by worker and web; nothing is lost or doubled, and all goes on when there is room',
    async () => {
      const id = await startLoud()
      await beginNewWal()
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
      await fill()
      const switchOn = async (sql: ReturnType<typeof openDatabase>) => {
        for (;;) {
          await sql`create table if not exists filling (n int)`
          await sql`insert into filling values (1)`
          await sql`select pg_switch_wal()`
        }
      }
      await expect(withAdmin(switchOn)).rejects.toThrow()
      await writeFile(join(workspace(id), 'go'), '')
      await eventually(async () => (await fetch(`${server.url}/readyz`)).status === 503)
      await makeRoom()
      postgres = await start()
      await expectWhole(id)
      await withAdmin((sql) => sql`drop table if exists filling`)
    },
    STORY_MS,
  )
})
