import { afterAll, describe, expect, it } from 'vitest'
import { receivePush } from '../../src/app/receive-push.ts'
import type { Commit } from '../../src/brand.ts'
import { createProject } from '../../src/db/projects.ts'
import { putWorker, putWorkerProblem, stopWorker } from '../../src/db/workers.ts'
import { NOW, openDeliveryServer, until } from '../support/delivery.ts'
import { makeRepository, type TestRepository } from '../support/git.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('await-image')
let now = NOW
const server = await openDeliveryServer(sql, { now: () => now })
const made: TestRepository[] = []
afterAll(async () => {
  expect(server.bugs).toEqual([])
  await server.close()
  for (const repository of made) await repository.remove()
  await drop()
})

const NONE = '0'.repeat(40)
const WORKER = {
  name: 'w1',
  host: 'h',
  pid: 1,
  executor: 'docker',
  engine: '20.10',
  slots: 1,
  queues: [],
  version: '0',
} as const

/** Pushes what nobody builds, and gives the lines that the pusher hears. */
async function pushUnbuilt(name: string): Promise<string[]> {
  const repository = await makeRepository({ 'daily.dig': '+a:\n  echo>: hello\n', 'requirements.txt': name })
  made.push(repository)
  const project = await createProject(sql, name, NOW)
  await server.repositories.create(project.id, null)
  await repository.git('push', '-q', server.repositories.pathOf(project.id), 'main:refs/sluice/pushed')
  const commit = (await repository.git('rev-parse', 'main')).out.trim() as Commit
  const lines: string[] = []
  const asked = {
    projectId: project.id,
    pushedBy: 'ana',
    handed: async () => ({ refs: ['refs/heads/main'], options: [] }),
  }
  void receivePush(server.deploy, asked).answer({ ref: 'refs/heads/main', from: NONE, to: commit }, (line) => {
    lines.push(line)
  })
  return lines
}

const waitsOf = (lines: readonly string[]) => lines.filter((line) => line.includes('Waiting for a worker'))

describe('a build that no worker takes', () => {
  it.each([
    { name: 'nobody', workers: 'none is online', isOnline: false, problem: null },
    { name: 'busy', workers: 'all are busy', isOnline: true, problem: null },
    { name: 'full', workers: 'The disk is full.', isOnline: true, problem: 'The disk is full.' },
  ])('says to the pusher that $workers, once and not at once', async ({ name, workers, isOnline, problem }) => {
    now = NOW
    const workerId = await putWorker(sql, WORKER, now)
    await putWorkerProblem(sql, workerId, problem)
    if (!isOnline) await stopWorker(sql, workerId, now)
    const lines = await pushUnbuilt(name)
    const build = await server.builder.begun()
    await sql`update builds set state = 'queued', lease_until = null where id = ${build.id}` // as if it had not been taken
    const look = () => sql`select pg_notify('sluice', ${`build:${build.id}`})`
    await look()
    await until(() => lines.some((line) => line.includes('Step 1/1')))
    expect(waitsOf(lines)).toEqual([])
    now = new Date(NOW.getTime() + 5000)
    await look()
    await until(() => waitsOf(lines).length > 0)
    await sql`update builds set state = 'running', lease_until = ${now} where id = ${build.id}`
    await server.builder.end(build, null)
    await until(() => lines.some((line) => line.includes('=====>')))
    expect(waitsOf(lines)).toEqual([`       Waiting for a worker: ${workers}`])
  })
})
