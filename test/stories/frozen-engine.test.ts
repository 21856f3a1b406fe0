import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noOwnEngine } from '../support/engine.ts'
import { type EngineStory, openEngineStory } from '../support/engine-story.ts'
import { endOf, eventually, logHas, logOf, must, STORY_MS } from '../support/story.ts'

/** Far longer than a lease. */
const FROZEN_MS = 60_000

/** Each start leaves a line. One ends while the engine is frozen, and what follows it needs the engine. */
const WORKFLOW = `+both:
  _parallel: true
  +ends:
    sh>: echo begun >> starts.txt; echo here; while [ ! -e go ]; do sleep 0.1; done; echo ended
  +stays:
    sh>: echo begun >> starts.txt; echo here; while [ ! -e leave ]; do sleep 0.1; done; echo left
+count:
  sh>: cat starts.txt
`

const obstacle = process.env.SLUICE_TEST_LONG === 'yes' ? noOwnEngine : 'it needs --long'
const skipped = obstacle === undefined ? '' : ` (skipped: ${obstacle})`

describe.skipIf(obstacle)(`an engine that is frozen for a minute${skipped}`, () => {
  let { engine, server, project, problem, close } = {} as EngineStory
  beforeAll(async () => {
    ;({ engine, server, project, problem, close } = await openEngineStory({ 'both.dig': WORKFLOW }))
    must(await project.push())
  }, STORY_MS)
  afterAll(() => close?.(), STORY_MS)

  const touch = (id: string, name: string) =>
    writeFile(join(server.home, 'workers/1/attempts', id, 'workspace', name), '')

  it(
    'is told; what runs runs on with its log, what is new waits, nothing starts twice, and all go on when it is thawed',
    async () => {
      const id = await project.start('both')
      for (const task of ['ends', 'stays']) await logHas(server, id, `+both+both+${task}`, 'here\n')
      engine.freeze()
      const frozenAt = performance.now()
      const waiting = await project.start('both') // claimed before anybody could know
      await touch(id, 'go')
      await logHas(server, id, '+both+both+ends', 'ended\n')
      await eventually(async () =>
        (await problem())?.startsWith('Docker takes connections on this machine, but does not'),
      )
      await eventually(async () => performance.now() - frozenAt >= FROZEN_MS)
      engine.thaw()
      await eventually(async () => (await problem()) === null)
      await touch(id, 'leave')
      for (const task of ['ends', 'stays']) await logHas(server, waiting, `+both+both+${task}`, 'here\n')
      for (const name of ['go', 'leave']) await touch(waiting, name)
      for (const one of [id, waiting]) {
        expect(await endOf(server, one)).toMatchObject({ status: 'success' })
        expect(await logOf(server, one, '+both+both+ends')).toBe('here\nended\n')
        expect(await logOf(server, one, '+both+both+stays')).toBe('here\nleft\n')
        expect(await logOf(server, one, '+both+count')).toBe('begun\nbegun\n')
      }
    },
    STORY_MS,
  )
})
