import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AttemptId } from '../../src/brand.ts'
import { findEngine } from '../../src/docker/engine.ts'
import { openDockerExecutor } from '../../src/docker/open-docker-executor.ts'
import { Refusal } from '../../src/refusal.ts'
import {
  containerName,
  followToEnd,
  getEngine,
  listen,
  openStage,
  placeOf,
  runOf,
  runToEnd,
  type Stage,
  shell,
  unpackNothing,
} from '../support/executors.ts'

describe('the end of a run in a container', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage('docker')
  })
  afterAll(() => stage.close())
  async function containerOf(attemptId: string) {
    const { docker } = await getEngine()
    const label = [`sluice.installation=${stage.installation}`, `sluice.attempt=${attemptId}`]
    const [found] = await docker.listContainers({ filters: { label } })
    return docker.getContainer(found?.Id ?? '')
  }

  it('is not that of the same attempt at another worker of the engine, until both are over', async () => {
    const { docker } = await getEngine()
    const { installation, home } = stage
    const options = { docker, installation, home: join(home, 'other'), env: {}, orphanMs: 900_000, extraCa: null }
    const other = await openDockerExecutor(options)
    const slow = shell('echo up; while [ ! -e go ]; do sleep 0.1; done; echo gone on')
    const runs = [stage.executor, other].map((executor, n) => ({ executor, run: runOf('20', `${n + 1}`) }))
    const listened = []
    for (const { executor, run } of runs) {
      await executor.open(placeOf('20'), unpackNothing)
      await executor.start(run, slow)
      listened.push(listen(executor, run))
      await listened.at(-1)?.seen('up')
    }
    for (const worker of ['worker', 'other']) await writeFile(join(home, worker, '20/workspace/go'), '')
    for (const one of listened) expect(await one.ended).toEqual({ kind: 'exited', code: 0 })
    await (await containerOf('20')).kill() // one of the two: its worker never comes back
    await stage.executor.close('20' as AttemptId)
    await other.close('20' as AttemptId)
    other.leave()
    const label = [`sluice.installation=${installation}`, 'sluice.attempt=20']
    expect(await docker.listContainers({ all: true, filters: { label } })).toEqual([])
  })

  it('is out of memory when the kernel stopped it at its limit, and the attempt goes on', async () => {
    const limits = { memoryBytes: 64 * 2 ** 20, cpus: 1, pids: 64 }
    await stage.executor.open(placeOf('1', { limits }), unpackNothing)
    const { exit } = await runToEnd(stage.executor, runOf('1', '1'), shell('head -c 300000000 /dev/zero | tail'))
    expect(exit).toEqual({ kind: 'out_of_memory', limitBytes: 64 * 2 ** 20 })
    const next = await runToEnd(stage.executor, runOf('1', '2'), shell('kill -9 $$'))
    expect(next.exit).toEqual({ kind: 'exited', code: 137 })
  })

  it('is lost when an operator removes the container, and a new one starts nothing old', async () => {
    await stage.executor.open(placeOf('2'), unpackNothing)
    const run = runOf('2', '1')
    await stage.executor.start(run, shell('echo up; sleep 600'))
    const listened = listen(stage.executor, run)
    await listened.seen('up')
    await (await containerOf('2')).remove({ force: true })
    expect(await listened.ended).toEqual({ kind: 'lost', why: 'its container was removed' })
    await stage.executor.open(placeOf('2'), unpackNothing)
    expect((await followToEnd(stage.executor, run)).exit).toEqual({
      kind: 'lost',
      why: 'its container was replaced by another',
    })
    expect((await runToEnd(stage.executor, runOf('2', '2'), shell('exit 9'))).exit).toEqual({ kind: 'exited', code: 9 })
  })

  it('is not lost but unstarted when the container had gone before it was taken, and it can be started again', async () => {
    await stage.executor.open(placeOf('9'), unpackNothing)
    await runToEnd(stage.executor, runOf('9', '1'), shell('exit 0'))
    await (await containerOf('9')).remove({ force: true })
    await stage.executor.open(placeOf('9'), unpackNothing) // its agent was heard a moment ago: nobody asks
    const { exit } = await runToEnd(stage.executor, runOf('9', '2'), shell('exit 9'))
    expect(exit).toEqual({ kind: 'unstarted', why: 'its container was removed' })
    await stage.executor.open(placeOf('9'), unpackNothing)
    expect((await runToEnd(stage.executor, runOf('9', '2', '2'), shell('exit 9'))).exit).toEqual({
      kind: 'exited',
      code: 9,
    })
  })

  it('is lost when the container is stopped from outside', async () => {
    await stage.executor.open(placeOf('3'), unpackNothing)
    const run = runOf('3', '1')
    await stage.executor.start(run, shell('echo up; sleep 600'))
    const listened = listen(stage.executor, run)
    await listened.seen('up')
    await (await containerOf('3')).kill()
    expect(await listened.ended).toEqual({ kind: 'lost', why: 'its container has ended with exit code 137' })
  })

  it('never comes for an image that is not there, and says so', async () => {
    const opening = stage.executor.open(placeOf('4', { image: 'sluice/nothing:v1' }), unpackNothing)
    await expect(opening).rejects.toThrow(
      'The image sluice/nothing:v1 is not on this machine, so the task cannot start.',
    )
  })

  it('never comes for an image without a shell, and says so', async () => {
    const { docker } = await getEngine()
    const image = `${stage.installation}-no-shell:test`
    const archive = pack()
    archive.entry({ name: 'hello.txt' }, 'no shell here')
    archive.finalize()
    const [repo, tag] = image.split(':')
    const file = join(stage.home, 'image.tar')
    await writeFile(file, await buffer(archive))
    await text(await docker.importImage(file, { repo, tag }))
    const opening = stage.executor.open(placeOf('5', { image }), unpackNothing)
    await expect(opening).rejects.toMatchObject({ name: 'Refusal', code: 'invalid' })
    await expect(opening).rejects.toThrow(`The image ${image} cannot run tasks`)
    expect(await docker.listContainers({ all: true, filters: { name: [containerName(stage, '5')] } })).toEqual([])
    await docker.getImage(image).remove()
  })
})

describe('an engine', () => {
  it('of another machine is refused', async () => {
    const refusal = await findEngine({ DOCKER_HOST: 'tcp://10.0.0.7:2375' })
    expect(refusal).toMatchObject({ code: 'invalid' })
    expect(refusal instanceof Refusal && refusal.message).toBe(
      'DOCKER_HOST is tcp://10.0.0.7:2375, but Sluice shares folders with its containers and so needs the engine of its own machine.',
    )
  })

  it('that is not there is a refusal', async () => {
    expect(await findEngine({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toMatchObject({ code: 'unavailable' })
  })

  it('says its versions', async () => {
    expect(await getEngine()).toMatchObject({
      version: expect.any(String),
      apiVersion: expect.stringMatching(/^1\.\d+$/),
    })
  })

  it('may go away in mid-run: calls are refused, nothing is lost, and all goes on when it is back', async () => {
    const home = await mkdtemp(join(tmpdir(), 'sluice-executor-'))
    const relay = await openRelay(join(home, 'docker.sock'))
    const engine = await findEngine({ DOCKER_HOST: `unix://${home}/docker.sock` })
    if (engine instanceof Refusal) throw engine
    const options = {
      home: join(home, 'worker'),
      installation: `gone${process.pid}`,
      env: {},
      orphanMs: 900_000,
      extraCa: null,
    }
    const executor = await openDockerExecutor({ ...options, docker: engine.docker })
    await executor.open(placeOf('1'), unpackNothing)
    const run = runOf('1', '1')
    await executor.start(run, shell('echo up; while [ ! -e go ]; do sleep 0.05; done; echo back'))
    const listened = listen(executor, run)
    await listened.seen('up')
    await relay.close()
    await expect(executor.open(placeOf('2'), unpackNothing)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await executor.state(run)).toBe('started')
    await relay.open()
    expect((await runToEnd(executor, runOf('1', '2'), shell('touch go'))).exit).toEqual({ kind: 'exited', code: 0 })
    expect(await listened.ended).toEqual({ kind: 'exited', code: 0 })
    expect(listened.output()).toBe('up\nback\n')
    for (const attemptId of await executor.attempts()) await executor.close(attemptId)
    executor.leave()
    await relay.close()
    await rm(home, { recursive: true })
  })
})

/** The engine's socket under another path, which a test can take away. */
async function openRelay(path: string): Promise<{ open(): Promise<void>; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  const open = async () => {
    await rm(path, { force: true })
    server = createServer({ allowHalfOpen: true }, (client) => {
      const engine = connect({ path: '/var/run/docker.sock', allowHalfOpen: true })
      for (const socket of [client, engine]) sockets.add(socket.on('error', () => {}))
      client.pipe(engine).pipe(client)
    })
    await new Promise<void>((resolve) => server?.listen(path, resolve))
  }
  await open()
  return {
    open,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server?.close(resolve))
      await rm(path, { force: true })
    },
  }
}
