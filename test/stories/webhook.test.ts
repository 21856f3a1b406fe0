import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeDelivery } from '../support/forge.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { eventually, makeProject, must, type Project, STORY_MS } from '../support/story.ts'
import { openTranscript } from '../support/transcript.ts'

let server: TestServer
let project: Project

beforeAll(async () => {
  server = await startServer({ env: { SLUICE_LOCAL_REMOTES: '1' } })
  project = await makeProject(server)
}, STORY_MS)
afterAll(async () => {
  await server?.stop()
  await project?.remove()
}, STORY_MS)

/** The bare repository that stands for the forge's. */
async function publish(): Promise<string> {
  const remote = join(server.home, 'forge.git')
  must(await project.git('init', '--quiet', '--bare', '--initial-branch=main', remote))
  must(await project.git('push', '--quiet', remote, 'main'))
  return `file://${remote}`
}

async function deliver(remote: string, secret: string) {
  const text = JSON.stringify({
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: (await project.git('rev-parse', 'main')).out.trim(),
    repository: { full_name: 'ana/hello', clone_url: remote },
    pusher: { name: 'ana' },
  })
  const answer = await fetch(`${server.url}/hooks/github/${project.name}`, makeDelivery(secret, text))
  return { status: answer.status, text: await answer.text() }
}

describe('a webhook', () => {
  it(
    'deploys what the linked remote has',
    async () => {
      const remote = await publish()
      const linked = must(await project.sluice('link', project.name, remote))
      const secret = /Secret\s+(\S+)/.exec(linked.out)?.[1] ?? ''
      const answer = await deliver(remote, secret)
      expect(answer.status).toBe(202)
      const [deploy] = await eventually(async () => {
        const deploys = await project.deploys()
        return deploys[0]?.finishedAt != null && deploys
      })
      expect(deploy).toMatchObject({ state: 'live', problem: null })
      const log = await fetch(`${server.url}/api/deploys/${deploy?.id}/log`, {
        headers: { authorization: `Bearer ${await server.token()}` },
      })
      expect(await project.published()).toBe((await project.git('rev-parse', 'main')).out.trim())

      const shown = openTranscript({
        [remote]: 'https://github.com/ana/hello.git',
        [project.name]: 'hello',
        [server.url]: 'http://127.0.0.1:8080',
        [secret]: 'whsec_shown_once',
      })
      shown.add('sluice link hello https://github.com/ana/hello.git', linked.out)
      shown.add('curl -X POST http://127.0.0.1:8080/hooks/github/hello …', `${answer.status} ${answer.text}`)
      shown.add(
        'curl -H "Authorization: Bearer $SLUICE_TOKEN" http://127.0.0.1:8080/api/deploys/7/log',
        await log.text(),
      )
      await expect(shown.read()).toMatchFileSnapshot('../../docs/transcripts/webhook.txt')

      const commit = await project.commit({ 'more.dig': '+say:\n  echo>: more\n' })
      must(await project.git('push', '--quiet', remote.slice('file://'.length), 'main'))
      expect((await deliver(remote, secret)).status).toBe(202)
      const [second] = await eventually(async () => {
        const deploys = await project.deploys()
        return deploys.length === 2 && deploys[0]?.finishedAt != null && deploys
      })
      expect(second).toMatchObject({ state: 'live', commit })
      const told = await fetch(`${server.url}/api/deploys/${second?.id}/log`, {
        headers: { authorization: `Bearer ${await server.token()}` },
      })
      expect(await told.text()).toContain('nothing to build')
    },
    STORY_MS,
  )
})
