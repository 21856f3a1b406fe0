import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noOwnEngine } from '../support/engine.ts'
import { type EngineStory, openEngineStory } from '../support/engine-story.ts'
import { endOf, eventually, logHas, logOf, must, STORY_MS, statesOf, tasksOf } from '../support/story.ts'

/** Each start of a task leaves a line in the workspace: what ran is counted there, and nowhere else. */
const WORKFLOW = `+both:
  _parallel: true
  +again:
    _retry: 1
    sh>: echo begun >> again.txt; echo here; [ $(wc -l < again.txt) -gt 1 ] || while [ ! -e go ]; do sleep 0.1; done
  +once:
    sh>: echo begun >> once.txt; echo here; while [ ! -e go ]; do sleep 0.1; done; echo gone on
+count:
  sh>: cat again.txt once.txt
`

const skipped = noOwnEngine === undefined ? '' : ` (skipped: ${noOwnEngine})`

describe.skipIf(noOwnEngine)(`an engine that is killed in mid-run${skipped}`, () => {
  let { engine, server, project, problem, close } = {} as EngineStory

  beforeAll(async () => {
    ;({ engine, server, project, problem, close } = await openEngineStory({ 'both.dig': WORKFLOW }))
    must(await project.push())
  }, STORY_MS)
  afterAll(() => close?.(), STORY_MS)

  async function startBoth() {
    const id = await project.start('both')
    for (const task of ['again', 'once']) await logHas(server, id, `+both+both+${task}`, 'here\n')
    return id
  }
  async function restart(options?: { liveRestore: boolean }) {
    await engine.kill9()
    await eventually(async () => (await problem())?.startsWith('Docker does not answer on this machine'))
    await engine.restart(options)
    await eventually(async () => (await problem()) === null)
  }
  const letGo = (id: string) => writeFile(join(server.home, 'workers/1/attempts', id, 'workspace/go'), '')

  it(
    'ends its containers when it is back: the retryable task runs again, and a person decides about the other',
    async () => {
      const id = await startBoth()
      await restart()
      const unknown = await eventually(async () => (await tasksOf(server, id)).find(({ state }) => state === 'unknown'))
      expect(unknown.fullName).toBe('+both+both+once')
      await eventually(async () => (await statesOf(server, id))['+both+both+again'] === 'success')
      must(await project.sluice('decide', unknown.id, '--as', 'success'))
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+both+count')).toBe('begun\nbegun\nbegun\n')
    },
    STORY_MS,
  )

  it(
    'costs no task anything where it has live-restore: both run on and end well',
    async () => {
      const id = await startBoth()
      await restart({ liveRestore: true })
      await letGo(id)
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await logOf(server, id, '+both+both+once')).toBe('here\ngone on\n')
      expect(await logOf(server, id, '+both+count')).toBe('begun\nbegun\n')
    },
    STORY_MS,
  )
})
