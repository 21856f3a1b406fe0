import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { attemptOf, endOf, eventually, logOf, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

/** A disk of its own needs a mount, and that needs root. */
const isRoot = process.getuid?.() === 0

describe.skipIf(!isRoot)('a disk that is full', () => {
  let server: TestServer
  let project: Project
  const filler = () => join(server.home, 'filler')
  beforeAll(async () => {
    const mount = (home: string) =>
      void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0711', 'tmpfs', home])
    server = await startServer({ prepare: mount, env: { SLUICE_EXECUTOR: 'process', SLUICE_MIN_FREE: '16m' } })
    project = await makeProject(server, { 'one.dig': '+a:\n  sh>: echo ran\n' })
    must(await project.push())
  }, STORY_MS)
  afterAll(async () => {
    if (server !== undefined) execFileSync('umount', ['--lazy', server.home])
    await server?.stop()
    await project?.remove()
  }, STORY_MS)

  it(
    'keeps a worker from starting anything, which says why, until there is room',
    async () => {
      await writeFile(filler(), Buffer.alloc(50 * 2 ** 20))
      const problem = async () =>
        (await server.api<{ workers: { problem: string | null }[] }>('/api/workers')).workers[0]?.problem
      expect(await eventually(async () => (await problem()) ?? undefined)).toMatch(
        /^The disk of \S+ has \d+ MiB left, less than SLUICE_MIN_FREE \(16 MiB\), so nothing new is started here\. Make room; it goes on by itself\.$/,
      )
      const id = await project.start('one')
      expect((await server.sluice(server.home, 'tasks', id)).out).toContain('ready')
      expect(await attemptOf(server, id)).toMatchObject({ status: 'running' })
      await rm(filler())
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+one+a')).toBe('ran\n')
      await eventually(async () => (await problem()) === null)
    },
    STORY_MS,
  )
})
