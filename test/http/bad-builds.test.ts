import { afterAll, describe, expect, it } from 'vitest'
import { type Builds, openBuilds } from '../../src/app/run-builds.ts'
import { readSource } from '../../src/db/sources.ts'
import { openImageBuilder } from '../../src/docker/build.ts'
import { findEngine } from '../../src/docker/engine.ts'
import { Refusal } from '../../src/refusal.ts'
import { NOW, openDeliveryServer } from '../support/delivery.ts'
import { makeRepository, type TestRepository } from '../support/git.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('badbuilds')
const engine = await findEngine()
if (engine instanceof Refusal) throw engine
const bugs: unknown[] = []
const builds: Builds = await openBuilds(
  {
    sql,
    builder: openImageBuilder(engine.docker, { extraCa: '', proxies: {} }),
    now: () => NOW,
    readSource: (digest) => readSource(sql, digest),
    onBug: (error) => bugs.push(error),
  },
  { workerId: '1', baseImage: 'sluice/base' },
)
const server = await openDeliveryServer(sql, { wakeUps: { ring: async () => builds.look() } })
const made: TestRepository[] = []
afterAll(async () => {
  await builds.close()
  expect([...server.bugs, ...bugs]).toEqual([])
  await server.close()
  for (const repository of made) await repository.remove()
  await drop()
})

/** What the server said, as the pusher sees it; what differs from engine to engine is shortened. */
const said = (err: string) =>
  err
    .split('\n')
    .flatMap((line) => (line.startsWith('remote:') ? [`${line.slice(8)}\n`] : []))
    .join('')
    .replace(/deploys\/\d+/, 'deploys/7')
    .replace(/ @ [0-9a-f]{7} /, ' @ 1234567 ')
    .replaceAll(/[0-9a-f]{12}/g, '123456789abc')
    .replaceAll(/cannot be pulled: .*/g, 'cannot be pulled: …')

describe('a push whose Dockerfile', () => {
  it.each([
    ['dockerfile-fails', 'FROM sluice/base\nRUN echo nearly there && exit 3\n'],
    ['dockerfile-base-missing', 'FROM nowhere.invalid/team/base:1\nRUN echo never\n'],
    ['dockerfile-broken', 'FRM sluice/base\n'],
  ])(
    '%s is declined, with the words of the build',
    async (name, Dockerfile) => {
      const repository = await makeRepository({ 'daily.dig': '+a:\n  sh>: echo\n', Dockerfile })
      made.push(repository)
      const push = await repository.git('push', server.url(name), 'main')
      expect(push.code).toBe(1)
      await expect(said(push.err)).toMatchFileSnapshot(`../messages/push-${name}.txt`)
      expect((await repository.git('ls-remote', server.url(name), 'main')).out).toBe('')
      const ends =
        await sql`select deploys.state, (select count(*)::int from revisions where project_id = projects.id) as revisions
      from deploys join projects on projects.id = project_id where name = ${name}`
      expect(ends).toEqual([{ state: 'declined', revisions: 0 }])
    },
    60_000,
  )
})
