import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import {
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

/** Seconds to sleep that nobody else sleeps: a name for the processes of this story. */
const ODD = `3600.${randomBytes(4).readUInt32BE()}`
const FILES = {
  'stubborn.dig': '+stay:\n  sh>: sh stay.sh\n+never:\n  sh>: echo never\n',
  // A grandchild in a session of its own that ignores TERM, and a task that ignores it too.
  'stay.sh': `trap '' TERM\n(setsid sh -c "trap '' TERM; sleep ${ODD}; true" &)\necho here\nsleep ${ODD}; true\n`,
  'flaky.dig': '+first:\n  sh>: echo first\n+second:\n  sh>: sh second.sh\n+third:\n  sh>: echo third\n',
  'second.sh': 'echo broken; exit 3\n',
}
const GRACE_MS = 2_000

let server: TestServer
let project: Project

beforeAll(async () => {
  server = await startServer({ env: { SLUICE_TASK_GRACE: `${GRACE_MS / 1000}s` } })
  project = await makeProject(server, FILES)
  must(await project.push())
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
}, STORY_MS)

async function countSleepers(): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-ax', '-o', 'args='])
  return stdout.split('\n').filter((line) => line.trim() === `sleep ${ODD}`).length
}

describe('sluice kill', () => {
  it(
    'ends the whole tree of a task that ignores TERM, when the grace is over',
    async () => {
      const id = await project.start('stubborn')
      await logHas(server, id, '+stubborn+stay', 'here\n')
      await eventually(async () => (await countSleepers()) === 2)
      must(await project.sluice('kill', id))
      expect(await endOf(server, id)).toMatchObject({ status: 'killed' })
      await eventually(async () => (await countSleepers()) === 0)
      expect(await statesOf(server, id)).toMatchObject({ '+stubborn+stay': 'canceled', '+stubborn+never': 'blocked' })
    },
    STORY_MS,
  )
})

describe('sluice retry', () => {
  it(
    'goes on where an attempt failed, with the newest files',
    async () => {
      const failed = await project.start('flaky')
      expect(await endOf(server, failed)).toMatchObject({ status: 'error' })
      expect(must(await project.sluice('tasks', failed)).out).toContain('exit')
      await project.commit({ 'second.sh': 'echo mended\n' })
      must(await project.push())
      const { out } = must(await project.sluice('retry', failed, '--json'))
      const next: string = JSON.parse(out).id
      expect(await endOf(server, next)).toMatchObject({ status: 'success' })
      expect(await logOf(server, next, '+flaky+second')).toBe('mended\n')
      expect(await logOf(server, next, '+flaky+third')).toBe('third\n')
      expect((await server.sluice(server.home, 'log', next, '+flaky+first')).out).toBe('') // it did not run again
    },
    STORY_MS,
  )

  it(
    'starts from the beginning when told so',
    async () => {
      const first = await project.start('flaky')
      await endOf(server, first)
      const { out } = must(await project.sluice('retry', first, '--all', '--json'))
      const next: string = JSON.parse(out).id
      expect(await endOf(server, next)).toMatchObject({ status: 'success' })
      expect(await logOf(server, next, '+flaky+first')).toBe('first\n')
    },
    STORY_MS,
  )
})
