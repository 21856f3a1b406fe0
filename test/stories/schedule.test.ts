import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AttemptAnswer } from '../../src/http/api/answers.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { eventually, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

let server: TestServer
let project: Project

beforeAll(async () => {
  server = await startServer()
  project = await makeProject(server, {
    'minutely.dig': 'timezone: UTC\n\nschedule:\n  minutes_interval>: 1\n\n+a:\n  sh>: echo "$session_time"\n',
  })
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
}, STORY_MS)

const attempts = async () =>
  (await server.api<{ attempts: AttemptAnswer[] }>(`/api/attempts?project=${project.name}&include_retried=true`))
    .attempts

// Two of its minutes pass while it looks on: ./scripts/test --long
describe.runIf(process.env.SLUICE_TEST_LONG === 'yes')('a schedule [needs --long]', () => {
  it(
    'fires once for each of its times, also when the server was away at that time',
    async () => {
      must(await project.push())
      const before = await eventually(async () => {
        const made = await attempts()
        return made.length > 0 && made
      })
      await server.kill9()
      const lost = Math.ceil(Date.now() / 60_000) * 60_000 // the minute that passes while nobody is there
      await eventually(async () => Date.now() > lost + 500)
      await server.restart()
      const made = await eventually(async () => {
        const now = await attempts()
        return now.some(({ sessionTime }) => Date.parse(sessionTime) >= lost) && now.every(({ done }) => done) && now
      })
      const times = made.map(({ sessionTime }) => sessionTime).toSorted()
      expect(new Set(times).size).toBe(times.length)
      const minutes = times.map((time) => Date.parse(time) / 60_000)
      expect(minutes).toEqual(Array.from(minutes, (_, n) => (minutes[0] ?? 0) + n)) // none is missing
      expect(times).toEqual(expect.arrayContaining(before.map(({ sessionTime }) => sessionTime)))
      expect(made.every(({ success, startedBy }) => success && startedBy === 'schedule')).toBe(true)
    },
    STORY_MS,
  )
})
