import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { endOf, logHas, logOf, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

const LINES = 500
/** A line every 10 ms, after a mark that a second start would leave twice. */
const WORKFLOW = `+write:
  sh>: echo begun >> starts.txt; i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo "line $i"; sleep 0.01; done
+count:
  sh>: cat starts.txt
`

/** The bar is 3 s; a machine that runs other tests is given more. */
const READY_MS = 20_000

let server: TestServer
let project: Project

beforeAll(async () => {
  server = await startServer({ database: 'embedded' })
  project = await makeProject(server, { 'lines.dig': WORKFLOW })
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
}, STORY_MS)

async function postmasters(home: string) {
  const { stdout } = await promisify(execFile)('ps', ['-ax', '-o', 'args='])
  return stdout.split('\n').filter((line) => line.includes(`-D ${home}/postgres/data`))
}

describe('kill -9 of the server', () => {
  it(
    'costs a running task nothing: it runs once, and each of its lines is there once',
    async () => {
      must(await project.push())
      const id = await project.start('lines')
      await logHas(server, id, '+lines+write', 'line 40\n')
      await server.kill9()
      const tookMs = await server.restart()
      console.log(`ready ${tookMs} ms after the second start`)
      expect(tookMs).toBeLessThan(READY_MS)
      expect(server.output()).toContain('Found the embedded PostgreSQL still running')
      expect(await postmasters(server.home)).toHaveLength(1)
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      const lines = Array.from({ length: LINES }, (_, n) => `line ${n + 1}\n`)
      expect(await logOf(server, id, '+lines+write')).toBe(lines.join(''))
      expect(await logOf(server, id, '+lines+count')).toBe('begun\n')
    },
    STORY_MS,
  )
})
