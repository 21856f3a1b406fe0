import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AttemptId } from '../../src/brand.ts'
import { openDockerExecutor } from '../../src/docker/open-docker-executor.ts'
import {
  ADAPTERS,
  type Adapter,
  getEngine,
  installationOf,
  openAdapter,
  openStage,
  placeOf,
  runOf,
  runToEnd,
  type Stage,
  shell,
  unpackNothing,
} from '../support/executors.ts'

const TIMES = process.env.SLUICE_TEST_LONG === 'yes' ? 40 : 6
/** How long an opening takes here, about: it is killed at moments that are spread over it. */
const OPENING_MS: Readonly<Record<Adapter, number>> = { process: 40, docker: 400 }

describe.each(ADAPTERS)('a worker with the %s executor that is killed while it opens a place', (adapter) => {
  let stage: Stage
  beforeEach(async () => {
    stage = await openStage(adapter)
  })
  afterEach(() => stage.close())

  /** Gives the attempt whose place was being opened. */
  async function killWhileOpening(first: number, afterMs: number): Promise<AttemptId> {
    const args = ['test/support/open-places.mjs', adapter, stage.home, installationOf(stage.home), String(first)]
    const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let last = String(first)
    for await (const line of createInterface(worker.stdout)) {
      last = line.slice('opening '.length)
      await delay(afterMs)
      worker.kill('SIGKILL')
    }
    return last as AttemptId
  }

  it(
    'leaves a place that its successor opens at once, whatever the engine is still doing for the dead',
    async () => {
      const exits = []
      for (let n = 0; n < TIMES; n++) {
        const attemptId = await killWhileOpening(1000 * (n + 1), (n * OPENING_MS[adapter]) / TIMES)
        await stage.executor.open(placeOf(attemptId), unpackNothing)
        exits.push((await runToEnd(stage.executor, runOf(attemptId, '1'), shell('exit 7'))).exit)
      }
      expect(exits).toEqual(Array(TIMES).fill({ kind: 'exited', code: 7 }))
    },
    20_000 * TIMES,
  )
})

describe('a worker with the process executor that is killed while it writes down its agent', () => {
  it('leaves half a file, which names no agent: the successor starts one', async () => {
    const stage = await openStage('process')
    await stage.executor.open(placeOf('1'), unpackNothing)
    const file = join(stage.home, 'worker/1/agent.json')
    const before = await readFile(file, 'utf8')
    await writeFile(file, before.slice(0, 10))
    const successor = await openAdapter('process', stage.home)
    await successor.open(placeOf('1'), unpackNothing)
    expect((await runToEnd(successor, runOf('1', '1'), shell('exit 7'))).exit).toEqual({ kind: 'exited', code: 7 })
    successor.leave()
    process.kill(-JSON.parse(before).pid, 'SIGKILL')
    await stage.close()
  })
})

describe('a container whose name the engine gives to what a dead worker had asked for', () => {
  it('is made instead of the other one', async () => {
    const stage = await openStage('docker')
    const { docker } = await getEngine()
    let isFirst = true
    const busy: Docker = Object.assign(Object.create(docker), {
      createContainer: async (spec: Docker.ContainerCreateOptions) => {
        if (isFirst) await docker.createContainer(spec)
        isFirst = false
        return docker.createContainer(spec)
      },
    })
    const worker = await openDockerExecutor({ ...settingsOf(stage), docker: busy })
    await worker.open(placeOf('1'), unpackNothing)
    expect((await runToEnd(worker, runOf('1', '1'), shell('exit 7'))).exit).toEqual({ kind: 'exited', code: 7 })
    worker.leave()
    await stage.close()
  })
})

const settingsOf = ({ home, installation }: Stage) => ({
  home: join(home, 'worker'),
  installation,
  env: {},
  orphanMs: 900_000,
  extraCa: null,
})
