import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../support/app.ts'
import { makeDatabase, startServer, type TestServer } from '../support/server.ts'
import { freePort } from '../support/stores.ts'
import { endOf, eventually, logHas, logOf, makeProject, must, type Project, STORY_MS } from '../support/story.ts'
import { findSystemdObstacle, removeSystemdImage, type SystemdHost, startSystemdHost } from '../support/systemd.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SECRET_KEY = 'ab'.repeat(32)
/** Each start leaves a line. */
const WORKFLOW = `_queue: far
+once:
  sh>: echo begun >> starts.txt; echo here; while [ ! -e go ]; do sleep 0.1; done; echo gone on
+count:
  sh>: cat starts.txt
`

/** Making the host takes a while, and Debian's archive. */
const obstacle = process.env.SLUICE_TEST_LONG === 'yes' ? await findSystemdObstacle() : 'it needs --long'
const skipped = obstacle === undefined ? '' : ` (skipped: ${obstacle})`

describe.skipIf(obstacle)(`the units under systemd${skipped}`, () => {
  let server: TestServer
  let project: Project
  let database: Awaited<ReturnType<typeof makeDatabase>>
  let folder: string
  let host: SystemdHost
  let webPort: number

  beforeAll(async () => {
    database = await makeDatabase()
    server = await startServer({
      database: 'embedded',
      env: { DATABASE_URL: database.url, SLUICE_EXECUTOR: 'process', SLUICE_SECRET_KEY: SECRET_KEY },
    })
    project = await makeProject(server, { 'far.dig': WORKFLOW })
    must(await project.push())
    folder = await mkdtemp(join(tmpdir(), 'sluice-systemd-'))
    webPort = await freePort()
    host = await startSystemdHost(await install())
  }, STORY_MS)
  afterAll(async () => {
    host?.remove()
    removeSystemdImage()
    await server?.stop()
    await project?.remove()
    await database?.drop()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }, STORY_MS)

  /** What docs/operations.md says to put into /etc/sluice and /opt/sluice. */
  async function install() {
    const common = [`DATABASE_URL=${database.url}`, `SLUICE_SECRET_KEY=${SECRET_KEY}`, 'SLUICE_EXECUTOR=process']
    const web = [`SLUICE_LISTEN=127.0.0.1:${webPort}`, `SLUICE_ADMIN_PASSWORD=${PASSWORD}`]
    const etc = join(folder, 'etc')
    await mkdir(etc)
    await writeFile(join(etc, 'worker.env'), [...common, 'SLUICE_QUEUES=far', ''].join('\n'), { mode: 0o600 })
    await writeFile(join(etc, 'web.env'), [...common, ...web, ''].join('\n'), { mode: 0o600 })
    const opt = join(folder, 'opt')
    for (const part of ['dist', 'src', 'templates', 'package.json'])
      await cp(join(ROOT, part), join(opt, part), { recursive: true })
    const modules = join(opt, 'node_modules')
    await mkdir(modules)
    return [
      `${etc}:/etc/sluice:ro`,
      `${opt}:/opt/sluice:ro`,
      `${await realpath(join(ROOT, 'node_modules'))}:/opt/sluice/node_modules:ro`,
    ]
  }

  const show = (property: string, unit: string) => host.unit('show', `--property=${property}`, '--value', unit)
  /** Until the worker has come up so often. */
  const cameUp = (times: number) =>
    eventually(async () => host.journal('sluice-worker').split('A worker of').length - 1 >= times)

  it(
    'leave a task alone when the worker is restarted, and when it is killed: the next one adopts it, and it ran once',
    async () => {
      host.unit('start', 'sluice-worker')
      const id = await project.start('far')
      await logHas(server, id, '+far+once', 'here\n')
      const pids = [show('MainPID', 'sluice-worker')]
      host.unit('restart', 'sluice-worker')
      await cameUp(2)
      pids.push(show('MainPID', 'sluice-worker'))
      host.unit('kill', '--kill-who=main', '--signal=KILL', 'sluice-worker')
      await cameUp(3)
      pids.push(show('MainPID', 'sluice-worker'))
      expect(new Set(pids).size).toBe(3)
      expect(show('NRestarts', 'sluice-worker')).toBe('1') // the one that nobody asked for
      host.inside('touch', `/var/lib/sluice/workers/1/attempts/${id}/workspace/go`)
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+far+once')).toBe('here\ngone on\n')
      expect(await logOf(server, id, '+far+count')).toBe('begun\n')
    },
    STORY_MS,
  )

  it(
    'run a web as an ordinary user who may write nowhere but in its home',
    async () => {
      host.unit('start', 'sluice-web')
      await eventually(async () => (await fetch(`http://127.0.0.1:${webPort}/readyz`).catch(() => null))?.ok)
      const pid = show('MainPID', 'sluice-web')
      expect(host.inside('stat', '--format=%U', `/proc/${pid}`).stdout.trim()).toBe('sluice')
      const touch = (file: string) => host.insideAs('sluice', 'touch', file).stderr
      expect(touch('/run/lock/here')).toBe('') // what the user might do, and the web may not
      expect(touch(`/proc/${pid}/root/run/lock/there`)).toContain('Read-only file system')
      expect(touch(`/proc/${pid}/root/var/lib/sluice/there`)).toBe('')
    },
    STORY_MS,
  )

  it('hold nothing that systemd does not know', () => {
    const units = ['web', 'worker'].map((role) => `/etc/systemd/system/sluice-${role}.service`)
    const { status, stderr } = host.inside('systemd-analyze', 'verify', ...units)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' }) // it ends with 0 when a key is unknown
  })
})
