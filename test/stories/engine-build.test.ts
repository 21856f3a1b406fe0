import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { noOwnEngine } from '../support/engine.ts'
import { type EngineStory, openEngineStory } from '../support/engine-story.ts'
import { must, STORY_MS } from '../support/story.ts'

const skipped = noOwnEngine === undefined ? '' : ` (skipped: ${noOwnEngine})`
const PATIENCE = { timeout: 120_000, interval: 50 }

/** Steps of builds ask it for leave to go on: the test knows then that they run, and lets only those pass that it wants to. */
async function openGate(host: string) {
  const waiting: ServerResponse[] = []
  let isOpen = false
  const server: Server = createServer((_, response) => {
    if (isOpen) response.end('go\n')
    else waiting.push(response)
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://${host}:${typeof address === 'object' && address !== null ? address.port : 0}/`,
    reached: (count: number) => vi.waitUntil(() => waiting.length >= count, PATIENCE),
    open: () => {
      isOpen = true
      for (const response of waiting.splice(0)) response.end('go\n')
    },
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

describe.skipIf(noOwnEngine)(`an engine that goes in mid-build${skipped}`, () => {
  let { tiny, engine, project, close } = {} as EngineStory
  beforeAll(async () => {
    ;({ tiny, engine, project, close } = await openEngineStory({ 'one.dig': '+a:\n  sh>: echo ran\n' }))
  }, STORY_MS)
  afterAll(() => close?.(), STORY_MS)

  it.each([
    ['is killed', () => engine.kill9()],
    ['is told to stop', () => engine.terminate()],
  ])(
    'because it %s: the push waits, and goes live when it is back; nobody is told to correct anything',
    async (how, takeAway) => {
      const gate = await openGate(engine.gateway)
      const wait = `RUN echo ${how}; busybox wget -q -O- ${gate.url}`
      await project.commit({ Dockerfile: `FROM ${tiny.name}\n${wait}\n` })
      const push = project.startPush()
      await gate.reached(1)
      await takeAway()
      gate.open()
      await vi.waitUntil(() => push.seen().includes('The next worker builds this from the start'), PATIENCE)
      await engine.restart()
      const { all } = must(await push.ended)
      expect(all).toContain('Docker does not answer on this machine')
      expect(all).toContain('is live')
      expect(all).not.toMatch(/[Cc]orrect/)
      await gate.close()
    },
    STORY_MS,
  )
})
