import { statfsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { noOwnEngine } from '../support/engine.ts'
import { type EngineStory, openEngineStory } from '../support/engine-story.ts'
import { attemptOf, endOf, eventually, logOf, must, STORY_MS, tasksOf } from '../support/story.ts'

const MIB = 2 ** 20
const isLong = process.env.SLUICE_TEST_LONG === 'yes'
const skipped = noOwnEngine === undefined ? '' : ` (skipped: ${noOwnEngine})`

describe.skipIf(noOwnEngine)(`a Docker engine whose disk is full${skipped}`, () => {
  let { tiny, engine, server, project, problem, close } = {} as EngineStory

  beforeAll(async () => {
    ;({ tiny, engine, server, project, problem, close } = await openEngineStory(
      { 'one.dig': '+a:\n  sh>: echo ran >> ran.txt; cat ran.txt\n' },
      { env: { SLUICE_MIN_FREE: '16m' }, dataMiB: 64 },
    ))
    must(await project.push())
  }, STORY_MS)
  afterAll(() => close?.(), STORY_MS)
  afterEach(() => makeRoom())

  const filler = () => join(engine.data, 'filler')
  const makeRoom = () => rm(filler(), { force: true })
  const leaveFree = async (bytes: number) => {
    const { bavail, bsize } = statfsSync(engine.data)
    await writeFile(filler(), Buffer.alloc(bavail * bsize - bytes))
  }

  it(
    'keeps tasks and builds waiting and says why, to the pusher too, until there is room',
    async () => {
      await leaveFree(0)
      expect(await eventually(async () => (await problem()) ?? undefined)).toMatch(
        new RegExp(
          `^The disk of ${engine.data} has 0 MiB left, less than SLUICE_MIN_FREE \\(16 MiB\\), so nothing new`,
        ),
      )
      const id = await project.start('one')
      await project.commit({ Dockerfile: `FROM ${tiny.name}\nRUN echo built > /built\n` })
      const push = project.startPush()
      await eventually(async () => push.seen().includes(`Waiting for a worker: The disk of ${engine.data}`))
      expect(await attemptOf(server, id)).toMatchObject({ status: 'running' })
      await makeRoom()
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+one+a')).toBe('ran\n')
      expect(must(await push.ended).all).toContain('is live')
    },
    STORY_MS,
  )

  it.runIf(isLong)(
    'that fills up before its worker has seen it: the task waits and says why, and runs once when there is room [needs --long]',
    async () => {
      await server.terminate()
      await server.restart({ SLUICE_MIN_FREE: '1' }) // it sees no shortage in what is too little for a container
      await leaveFree(4096)
      const id = await project.start('one')
      await eventually(async () =>
        (await tasksOf(server, id)).find(({ exitCause }) => exitCause === 'The disk of the Docker engine is full.'),
      )
      await makeRoom()
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+one+a')).toBe('ran\n')
    },
    STORY_MS,
  )

  it.runIf(isLong)(
    'over what a build writes is told in its own words, and nothing is left of it [needs --long]',
    async () => {
      const before = statfsSync(engine.data).bavail
      await project.commit({ Dockerfile: `FROM ${tiny.name}\nRUN cat /dev/zero > /big\n` })
      const { code, all } = await project.push()
      expect(code).toBe(1)
      expect(all).toContain('Step 2/2 failed with exit code 1: RUN cat /dev/zero > /big')
      expect(all).toContain('It says that it found no room: let it write less, or have the operator free some')
      expect(all).not.toContain('The next worker builds this')
      expect(Math.abs(statfsSync(engine.data).bavail - before) * statfsSync(engine.data).bsize).toBeLessThan(MIB)
    },
    STORY_MS,
  )
})
