import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isSameDocument, launchBrowser, markDocument, openSignedInPage } from '../support/browser.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { eventually, makeProject, type Project, STORY_MS, tasksOf } from '../support/story.ts'

const FILES = {
  Dockerfile: 'FROM sluice/base\nRUN for i in 1 2 3; do echo "building $i"; sleep 1; done\n',
  'slow.dig': '+write:\n  sh>: for i in 1 2 3 4 5; do echo "line $i"; sleep 1; done\n',
}

let server: TestServer
let project: Project
let browser: Browser

beforeAll(async () => {
  server = await startServer()
  project = await makeProject(server, FILES)
  browser = await launchBrowser()
}, STORY_MS)
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await project?.remove()
}, STORY_MS)

const PATIENCE = { timeout: 60_000 }

describe('a browser', () => {
  it(
    'sees a deploy go live and a task succeed as they happen, without a reload or a complaint',
    async () => {
      const { page, complaints } = await openSignedInPage(browser, server.url)
      const push = project.startPush()
      const deploy = await eventually(async () => /deploys\/(\d+)/.exec(push.seen())?.[1])
      await page.goto(`${server.url}/deploys/${deploy}`)
      await markDocument(page)
      await page.getByText('is live', { exact: false }).first().waitFor(PATIENCE)
      expect(await isSameDocument(page)).toBe(true)
      expect((await push.ended).code).toBe(0)

      const id = await project.start('slow')
      const task = await eventually(async () =>
        (await tasksOf(server, id)).find(({ fullName, state }) => fullName === '+slow+write' && state === 'running'),
      )
      await page.goto(`${server.url}/attempts/${id}`)
      await markDocument(page)
      await page.waitForSelector(`[data-task="${task.id}"][data-state="running"]`, PATIENCE)
      await page.locator('#log', { hasText: 'line 2' }).waitFor(PATIENCE)
      expect(await page.locator('#log').textContent()).not.toContain('line 5\n')
      await page.locator('#log', { hasText: 'line 5' }).waitFor(PATIENCE)
      await page.waitForSelector(`[data-task="${task.id}"][data-state="success"]`, PATIENCE)
      await page.waitForSelector('#head[data-state="success"]', PATIENCE)
      expect(await isSameDocument(page)).toBe(true)
      expect(complaints).toEqual([])
    },
    STORY_MS,
  )
})
