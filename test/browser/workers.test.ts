import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { isSameDocument, launchBrowser, markDocument, openSignedInPage } from '../support/browser.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { endOf, makeProject, must, type Project, STORY_MS } from '../support/story.ts'

type Worker = Awaited<ReturnType<TestServer['startWorker']>>

let browser: Browser
let server: TestServer
let project: Project
let etl: Worker
let gpu: Worker

const startEtl = () => server.startWorker({ SLUICE_QUEUES: 'etl', SLUICE_SLOTS: '1' })
/** Tasks run until there is this file. */
const go = () => join(server.home, 'go')

/** The server's own worker, and two beside it. */
beforeAll(async () => {
  server = await startServer({ env: { SLUICE_EXECUTOR: 'process', SLUICE_ORPHAN: '60s' } })
  const hold = `{ sh>: 'while [ ! -e ${go()} ]; do sleep 0.1; done', _queue: `
  const workflow = `_parallel: true\n+one: ${hold}etl }\n+two: ${hold}etl }\n+three: ${hold}gpu }\n`
  project = await makeProject(server, { 'hold.dig': workflow })
  const opened = [
    startEtl(),
    server.startWorker({ SLUICE_QUEUES: 'gpu', SLUICE_SLOTS: '3', SLUICE_DRAIN: '300s' }),
    launchBrowser(),
    project.push(),
  ] as const
  let pushed: Awaited<ReturnType<Project['push']>>
  ;[etl, gpu, browser, pushed] = await Promise.all(opened)
  must(pushed)
}, STORY_MS)

afterAll(async () => {
  if (server !== undefined) await writeFile(go(), '')
  await browser?.close()
  await Promise.all([etl?.stop(), gpu?.stop()])
  await server?.stop()
  await project?.remove()
}, STORY_MS)

/** The row of the only worker, or of the queue, of that name. */
const workerOf = (page: Page, queue: string) => page.locator('.fleet tbody tr', { hasText: queue })
const queueOf = (page: Page, queue: string) => page.locator('#queues tbody tr', { hasText: queue })
const PATIENCE = { timeout: 120_000 }
const sees = (page: Page, row: 'worker' | 'queue', queue: string, text: string | RegExp) =>
  (row === 'worker' ? workerOf(page, queue) : queueOf(page, queue)).filter({ hasText: text }).waitFor(PATIENCE)

describe('the page of workers and queues', () => {
  it(
    'sees what waits and for how long, a worker drain, stop, be gone after kill -9 and come back, without a reload',
    async () => {
      const { page, complaints } = await openSignedInPage(browser, server.url)
      await page.goto(`${server.url}/workers`)
      await markDocument(page)
      const id = await project.start('hold')

      await sees(page, 'queue', 'etl', /1 online/)
      await page.getByLabel('1 of 1 slots busy').waitFor(PATIENCE)
      await page.getByLabel('1 of 3 slots busy').waitFor(PATIENCE)
      expect(await page.locator('h1').textContent()).toMatch(/^2 of \d+ slots are busy\.$/)
      expect(await page.locator('.lede').textContent()).toBe('1 task waits.')
      const depth = () => queueOf(page, 'etl').locator('[data-l=waiting]').textContent()
      const age = async () => secondsOf(await queueOf(page, 'etl').locator('[data-l=oldest]').textContent())
      expect(await depth()).toBe('1')
      const before = await age()
      await vi.waitUntil(async () => (await age()) > before, { timeout: 120_000, interval: 50 })

      gpu.signal('SIGTERM')
      etl.signal('SIGKILL')
      await sees(page, 'worker', 'gpu', 'Draining')
      expect(await workerOf(page, 'gpu').locator('.slots i').evaluateAll(classesOf)).toEqual(['in', 'drain', 'drain'])
      await sees(page, 'queue', 'gpu', /No worker.*0 online/)

      await sees(page, 'worker', 'etl', /Gone \d+ s/)
      expect(await workerOf(page, 'etl').locator('.slots i').evaluateAll(classesOf)).toEqual(['off'])
      await sees(page, 'queue', 'etl', /No worker.*0 online/)
      expect(await page.locator('.notice').textContent()).toMatch(/is gone: it was last heard \d+ s ago. It ran 1 task/)
      expect(await page.locator('.lede').textContent()).toBe(
        '1 task waits. It needs queue etl, which no worker serves.',
      )

      etl = await startEtl()
      await sees(page, 'worker', 'etl', 'Online')
      await page.locator('.notice').waitFor({ state: 'detached', ...PATIENCE })
      await writeFile(go(), '')
      await sees(page, 'worker', 'gpu', 'Stopped')
      expect(await endOf(server, id)).toMatchObject({ status: 'success' })
      await page.locator('.lede', { hasText: 'No task waits.' }).waitFor(PATIENCE)
      expect(await isSameDocument(page)).toBe(true)
      expect(complaints).toEqual([])
      await page.close()
    },
    STORY_MS,
  )
})

const classesOf = (all: { getAttribute(name: string): string | null }[]) => all.map((one) => one.getAttribute('class'))
/** As the page says them: `1.2 s`, `14 s`, `2m 05s`. */
const secondsOf = (said: string | null) => {
  const [, minutes, seconds] = /^(?:(\d+)m )?([\d.]+) ?s$/.exec(said ?? '') ?? []
  return Number(minutes ?? 0) * 60 + Number(seconds)
}
