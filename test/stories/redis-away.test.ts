import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { freePort } from '../support/stores.ts'
import { endOf, logHas, logOf, makeProject, must, type Project, STORY_MS, statesOf } from '../support/story.ts'

/** Work that is running, work that waits for it, and work that waits for a slot. */
const WORKFLOW = `+wide:
  _parallel: true
  +loop:
    for_range>:
      from: 0
      to: 6
      step: 1
    _parallel: true
    _do:
      +each:
        sh>: echo begun >> starts.txt; echo here; sleep 2
+after:
  sh>: wc -l < starts.txt
`

let redis: ChildProcess
let port: number
let server: TestServer
let project: Project

async function startRedis() {
  redis = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'], { stdio: 'ignore' })
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {}) // not yet
  await client.ping()
  client.disconnect()
}

async function stopRedis() {
  const exited = once(redis, 'exit')
  redis.kill('SIGKILL')
  await exited
}

async function flushRedis() {
  const client = new Redis(port, '127.0.0.1')
  await client.flushall()
  client.disconnect()
}

beforeAll(async () => {
  port = await freePort()
  await startRedis()
  server = await startServer({ env: { REDIS_URL: `redis://127.0.0.1:${port}` } })
  project = await makeProject(server, { 'wide.dig': WORKFLOW })
  must(await project.push())
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
  await stopRedis()
}, STORY_MS)

describe('Redis', () => {
  it.each([
    ['emptied', flushRedis],
    ['restarted', () => stopRedis().then(startRedis)],
  ])(
    '%s in mid-run loses nothing and doubles nothing',
    async (_, disturb) => {
      const id = await project.start('wide')
      await logHas(server, id, '+wide+wide+loop^sub+range-from=0&to=1+each', 'here\n').catch(async () => {
        throw new Error(JSON.stringify(await statesOf(server, id)))
      })
      await disturb()
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect((await logOf(server, id, '+wide+after')).trim()).toBe('6')
    },
    STORY_MS,
  )
})
