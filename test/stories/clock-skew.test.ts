import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { endOf, logOf, makeProject, must, type Project, STORY_MS, tasksOf } from '../support/story.ts'

/** The second try comes after two seconds, and not after an hour and two seconds. The tasks run on the worker whose clock is wrong. */
const FILES = {
  'far.dig': `_queue: far
+twice:
  _retry: {limit: 1, interval: 2}
  sh>: echo try >> tries.txt; test $(wc -l < tries.txt) = 2
+count:
  sh>: cat tries.txt; date -u +%Y
`,
}
const NEAR_MS = 120_000

let server: TestServer
let worker: Awaited<ReturnType<TestServer['startWorker']>>
let project: Project

beforeAll(async () => {
  server = await startServer({ env: { SLUICE_EXECUTOR: 'process' } })
  worker = await server.startWorker({
    SLUICE_QUEUES: 'far',
    NODE_OPTIONS: `--import=${new URL('../support/skewed-clock.mjs', import.meta.url).href}`,
  })
  project = await makeProject(server, FILES)
  must(await project.push())
}, STORY_MS)
afterAll(async () => {
  await worker?.stop()
  await server?.stop()
  await project?.remove()
}, STORY_MS)

describe('a worker whose clock is an hour ahead', () => {
  it(
    'says so, and changes nothing: leases, retries and times are by the database’s clock',
    async () => {
      expect(worker.output()).toContain('s ahead of the database’s; Sluice goes by the database’s.')
      const begunAt = Date.now()
      const id = await project.start('far')
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+far+count')).toMatch(/^try\ntry\n\d{4}\n$/)
      for (const { startedAt, updatedAt } of await tasksOf(server, id))
        for (const at of [startedAt, updatedAt])
          if (at !== null) expect(Math.abs(new Date(at).getTime() - begunAt)).toBeLessThan(NEAR_MS)
      const { workers } = await server.api<{ workers: { name: string; heardAt: string; queues: string[] }[] }>(
        '/api/workers',
      )
      const far = workers.find(({ queues }) => queues.includes('far'))
      expect(Math.abs(new Date(far?.heardAt ?? 0).getTime() - Date.now())).toBeLessThan(NEAR_MS)
    },
    STORY_MS,
  )
})
