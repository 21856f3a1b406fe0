import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { removeImages, startServer, type TestServer } from '../support/server.ts'
import { endOf, logOf, makeProject, must, STORY_MS, statesOf } from '../support/story.ts'
import { openTranscript } from '../support/transcript.ts'

describe.each(['postgres', 'redis'] as const)('a push [%s]', (backend) => {
  let server: TestServer
  const projects: string[] = []

  beforeAll(async () => {
    server = await startServer({ env: backend === 'redis' ? { REDIS_URL: inject('redisUrl') } : {} })
  }, STORY_MS)
  afterAll(async () => {
    await server?.stop()
    for (const project of projects) await removeImages(project)
  }, STORY_MS)

  it(
    'of the first template goes live without a question, runs, and is what others clone',
    async () => {
      const project = await makeProject(server)
      projects.push(project.name)
      const shown = openTranscript({ [project.name]: 'hello', [server.url]: 'http://127.0.0.1:8080' })
      const first = must(await project.push())
      shown.add('git push sluice main', first.all)
      expect(first.err).toContain('Building image: plain shell on')

      const started = must(await project.sluice('start', project.name, 'hello'))
      shown.add('sluice start hello hello', started.all)
      const id = /Attempt (\d+)/.exec(started.out)?.[1] ?? ''
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      expect(await statesOf(server, id)).toMatchObject({ '+hello+greet': 'success', '+hello+show+total': 'success' })
      expect(await logOf(server, id, '+hello+greet')).toMatch(/^Hello from [0-9a-f]{12}, it is \d{4}-\d\d-\d\d\n$/)
      shown.add(`sluice log ${id} +hello+greet`, must(await project.sluice('log', id, '+hello+greet')).out)

      const commit = await project.commit({ 'scripts/count.sh': '#!/bin/sh\necho 1 word\n' })
      const second = must(await project.push())
      shown.add('git push sluice main', second.all)
      expect(second.err).toContain('nothing to build')
      expect(second.err).not.toContain('Building image')
      await expect(shown.read()).toMatchFileSnapshot('../../docs/transcripts/push.txt')

      const [address, helper] = [`${server.url}/git/${project.name}.git`, `credential.${server.url}.helper`]
      const asked = (await project.git('config', '--get-all', helper)).out.trim().split('\n').at(-1) ?? ''
      must(await server.git(server.home, '-c', `${helper}=${asked}`, 'clone', '--quiet', address, 'copy'))
      expect((await server.git(join(server.home, 'copy'), 'rev-parse', 'HEAD')).out.trim()).toBe(commit)
      must(await project.git('fetch', 'sluice'))
      expect((await project.git('rev-parse', 'sluice/main')).out.trim()).toBe(commit)
    },
    STORY_MS,
  )

  it(
    'that does not pass the check moves nothing and says where',
    async () => {
      const project = await makeProject(server, { 'fine.dig': '+a:\n  echo>: fine\n' })
      projects.push(project.name)
      const live = await project.git('rev-parse', 'HEAD')
      must(await project.push())
      await project.commit({ 'hourly.dig': 'schedule:\n  cron>: every hour\n\n+a:\n  shh>: echo\n' })
      const declined = await project.push()
      expect(declined.code).toBe(1)
      expect(await project.published()).toBe(live.out.trim())
      const shown = openTranscript({ [project.name]: 'hello', [server.url]: 'http://127.0.0.1:8080' })
      shown.add('git push sluice main', declined.all)
      await expect(shown.read()).toMatchFileSnapshot('../../docs/transcripts/push-declined.txt')
    },
    STORY_MS,
  )
})
