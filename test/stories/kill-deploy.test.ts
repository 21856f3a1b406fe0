import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { eventually, makeProject, type Project, STORY_MS } from '../support/story.ts'

/** Long enough to be met in the middle, and in nobody's cache. */
const slowBuild = (word: string) => `FROM sluice/base
RUN echo ${randomBytes(8).toString('hex')} && for i in 1 2 3 4 5 6; do echo "${word} $i"; sleep 1; done
`
const WORKFLOW = '+a:\n  echo>: hello\n'

let server: TestServer
const projects: Project[] = []

beforeAll(async () => {
  server = await startServer({ database: 'embedded' })
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  for (const project of projects) await project.remove()
}, STORY_MS)

async function pushSlowly() {
  const project = await makeProject(server, { 'a.dig': WORKFLOW, Dockerfile: slowBuild('building') })
  projects.push(project)
  const push = project.startPush()
  await eventually(async () => push.seen().includes('building 1'))
  return { project, push }
}

const liveCommits = async (project: Project) =>
  (await project.deploys()).filter(({ state }) => state === 'live').map(({ commit }) => commit)

/** Every deploy has ended, and the branch is where the last one that went live has put it. */
async function settled(project: Project) {
  return eventually(async () => {
    const deploys = await project.deploys()
    if (deploys.some(({ finishedAt }) => finishedAt === null)) return false
    const live = deploys.find(({ state }) => state === 'live')
    return live?.commit === (await project.published()) && deploys
  })
}

describe('a deploy that builds', () => {
  it(
    'goes on after a kill -9 of the server, which moves the branch itself',
    async () => {
      const { project, push } = await pushSlowly()
      await server.kill9()
      expect((await push.ended).code).not.toBe(0)
      await server.restart()
      expect(await settled(project)).toMatchObject([{ state: 'live' }])
      expect(await project.published()).toBe((await project.git('rev-parse', 'HEAD')).out.trim())
    },
    STORY_MS,
  )

  it(
    'goes on after Ctrl-C of the pusher',
    async () => {
      const { project, push } = await pushSlowly()
      push.interrupt()
      await push.ended
      expect(await settled(project)).toMatchObject([{ state: 'live' }])
    },
    STORY_MS,
  )

  it(
    'makes another push of the branch wait, and then one has won and one is refused',
    async () => {
      const { project, push } = await pushSlowly()
      const rival = await project.commit({ 'b.dig': WORKFLOW })
      const second = await project.push()
      const codes = [(await push.ended).code, second.code]
      expect(codes.toSorted()).toEqual([0, 1])
      await settled(project)
      const won = codes[0] === 0 ? (await project.git('rev-parse', `${rival}~`)).out.trim() : rival
      expect(await liveCommits(project)).toEqual([won])
      expect(await project.published()).toBe(won)
    },
    STORY_MS,
  )
})
