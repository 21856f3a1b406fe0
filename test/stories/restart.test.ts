import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import {
  endOf,
  eventually,
  logHas,
  logOf,
  makeProject,
  must,
  type Project,
  STORY_MS,
  tasksOf,
} from '../support/story.ts'

/** A line for each start: a second one would leave it twice. Goes on until the file `go` is there, which the log cannot bring about. */
const FILES = {
  'long.dig':
    '+stay:\n  sh>: echo begun >> starts.txt; echo here; while [ ! -e go ]; do sleep 0.1; done; echo done\n+count:\n  sh>: cat starts.txt\n',
  'slow.dig':
    '+stay:\n  sh>: echo begun >> starts.txt; echo here; sleep 6; echo done\n+count:\n  sh>: cat starts.txt\n',
}
const DRAIN_MS = 2_000

describe.each(['docker', 'process'])('a server that is told to stop while a task runs [%s]', (executor) => {
  let server: TestServer
  let project: Project
  beforeAll(async () => {
    server = await startServer({ env: { SLUICE_EXECUTOR: executor, SLUICE_DRAIN: `${DRAIN_MS / 1000}s` } })
    project = await makeProject(server, FILES)
    must(await project.push())
  }, STORY_MS)
  afterAll(async () => {
    await server?.stop()
    await project?.remove()
  }, STORY_MS)

  it(
    'waits for it as long as it may, leaves it running, and its successor adopts it: it runs once',
    async () => {
      const id = await project.start('slow')
      await logHas(server, id, '+slow+stay', 'here\n')
      const tookMs = await server.terminate()
      expect(tookMs).toBeGreaterThan(DRAIN_MS)
      await server.restart()
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+slow+stay')).toBe('here\ndone\n')
      expect(await logOf(server, id, '+slow+count')).toBe('begun\n')
    },
    STORY_MS,
  )
})

describe('a worker that never comes back', () => {
  const ORPHAN_MS = 20_000
  const docker = new Docker()
  let server: TestServer
  let project: Project
  beforeAll(async () => {
    server = await startServer({ env: { SLUICE_EXECUTOR: 'docker', SLUICE_ORPHAN: `${ORPHAN_MS / 1000}s` } })
    project = await makeProject(server, FILES)
    must(await project.push())
  }, STORY_MS)
  afterAll(async () => {
    await server?.stop()
    await project?.remove()
  }, STORY_MS)

  const running = async () =>
    (await docker.listContainers()).filter(({ Mounts }) => Mounts.some(({ Source }) => Source?.startsWith(server.home)))

  it(
    'has no container that runs on for longer than SLUICE_ORPHAN, and what it ran is unknown, not run again',
    async () => {
      const id = await project.start('long')
      await logHas(server, id, '+long+stay', 'here\n')
      expect(await running()).toHaveLength(1)
      await server.kill9()
      const leftAt = performance.now()
      await eventually(async () => (await running()).length === 0)
      const tookMs = performance.now() - leftAt
      console.log(`no container ${Math.round(tookMs / 1000)} s after the worker was lost`)
      expect(tookMs).toBeGreaterThan(ORPHAN_MS / 2) // its last heartbeat was up to 10 s before
      await server.restart()
      const stay = await eventually(async () =>
        (await tasksOf(server, id)).find(({ fullName, state }) => fullName === '+long+stay' && state === 'unknown'),
      )
      expect(stay.exitCause).toContain('no worker looked after it for too long')
    },
    STORY_MS,
  )
})
