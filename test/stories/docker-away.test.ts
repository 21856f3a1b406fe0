import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WorkerAnswer } from '../../src/http/api/answers.ts'
import { startServer, type TestServer } from '../support/server.ts'
import {
  attemptOf,
  endOf,
  eventually,
  logHas,
  logOf,
  makeProject,
  must,
  type Project,
  STORY_MS,
  statesOf,
} from '../support/story.ts'

const ENGINE = '/var/run/docker.sock'
const WORKFLOW = `+first:
  sh>: echo begun >> starts.txt; echo here; sleep 4
+second:
  sh>: cat starts.txt
`

let folder: string
let door: Awaited<ReturnType<typeof openDoor>>
let server: TestServer
let project: Project

/** The engine's socket, but one that can be taken away. */
async function openDoor(path: string) {
  const sockets = new Set<Socket>()
  const door = createServer((near) => {
    const far = connect(ENGINE)
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(into)
      from.on('error', () => into.destroy())
      from.on('close', () => into.destroy())
      from.on('close', () => sockets.delete(from))
    }
  })
  const open = () => new Promise<void>((resolve) => door.listen(path, resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      door.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  await open()
  return { open, close }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-door-'))
  door = await openDoor(join(folder, 'docker.sock'))
  server = await startServer({ env: { DOCKER_HOST: `unix://${join(folder, 'docker.sock')}` } })
  project = await makeProject(server, { 'two.dig': WORKFLOW })
  must(await project.push())
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
  if (existsSync(join(folder, 'docker.sock'))) await door.close()
  await rm(folder, { recursive: true, force: true })
}, STORY_MS)

const problem = async () => (await server.api<{ workers: WorkerAnswer[] }>('/api/workers')).workers[0]?.problem

describe('Docker gone in mid-run', () => {
  it(
    'loses nothing: what runs runs on, what needs it waits and says why, and both end well',
    async () => {
      const running = await project.start('two')
      await logHas(server, running, '+two+first', 'here\n')
      await door.close()
      await eventually(async () => (await problem())?.startsWith('Docker does not answer on this machine'))
      const waiting = await project.start('two')
      expect(await attemptOf(server, waiting)).toMatchObject({ status: 'running' })
      expect((await statesOf(server, waiting))['+two+first']).toBe('ready') // nobody takes it
      await door.open()
      await eventually(async () => (await problem()) === null)
      for (const id of [running, waiting]) {
        expect(await endOf(server, id)).toMatchObject({ status: 'success' })
        expect(await logOf(server, id, '+two+second')).toBe('begun\n')
      }
    },
    STORY_MS,
  )
})
