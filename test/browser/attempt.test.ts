import { afterAll, describe, expect, it } from 'vitest'
import { appendLog, closeLog, insertLog } from '../../src/db/logs.ts'
import { isSameDocument, markDocument, openDashboard, openSignedInPage } from '../support/browser.ts'
import { rowsOf } from '../support/rows.ts'

const PATIENCE = { timeout: 20_000 }

const { sql, url, browser, close } = await openDashboard('browser_attempt')
afterAll(close)

describe('the page of an attempt', () => {
  it('sees its task go from running to success and its log grow, without a reload', async () => {
    const rows = rowsOf(sql, new Date())
    const project = await rows.project('weather')
    const attempt = await rows.attempt(project, 'daily_sync')
    const worker = await rows.worker('fra1-a')
    const root = await rows.task(attempt.id, { name: '+daily_sync', kind: 'group', state: 'planned' })
    const load = await rows.task(attempt.id, {
      name: '+daily_sync+load',
      parent: root.id,
      state: 'running',
      started: 1,
      worker,
      log: 'first <b>line</b>\nhal',
    })
    if (load.logId === null) throw new Error('the task has no log')
    const next = await rows.task(attempt.id, {
      name: '+daily_sync+publish',
      parent: root.id,
      state: 'blocked',
      after: [load.id],
    })

    const { page, complaints } = await openSignedInPage(browser, url)
    await page.goto(`${url}/attempts/${attempt.id}`)
    await markDocument(page)
    expect(await page.locator('#rail-weather use').getAttribute('href')).toBe('#s-run')
    const state = (id: string) => page.locator(`[data-task="${id}"]`).getAttribute('data-state')
    const line = (number: number) => page.locator(`#L${number} > span`).textContent()
    expect(await state(load.id)).toBe('running')
    expect([await line(1), await line(2)]).toEqual(['first <b>line</b>', 'hal'])

    await appendLog(
      sql,
      load.logId,
      Buffer.from('f, and € \x1b[31mred\x1b[0m & <script>alert(1)</script>\nthird'),
      new Date(),
    )
    await page.waitForSelector('#L3')
    expect([await line(2), await line(3)]).toEqual(['half, and € red & <script>alert(1)</script>', 'third'])
    expect(await page.locator('#L2 .a-r').textContent()).toBe('red')

    await sql.begin(async (tx) => {
      await tx`update tasks set state = 'success', lease_until = null where id = ${load.id}`
      await tx`update task_runs set finished_at = now(), outcome = 'success' where task_id = ${load.id}`
      const log = await insertLog(tx)
      await tx`update tasks set state = 'running', worker_id = ${worker}, lease_until = now(), log_id = ${log} where id = ${next.id}`
      await appendLog(tx, log, Buffer.from('of the next task\n'), new Date())
      await tx`select pg_notify('sluice', ${`attempt:${attempt.id}`})`
    })
    await page.waitForSelector(`[data-task="${load.id}"][data-state="success"]`)
    await page.locator('#log', { hasText: 'of the next task' }).waitFor()

    await sql.begin(async (tx) => {
      await tx`update tasks set state = 'success', lease_until = null where attempt_id = ${attempt.id}`
      await tx`update attempts set state = 'success', finished_at = now() where id = ${attempt.id}`
      const [{ log }] = await tx<[{ log: never }]>`select log_id as log from tasks where id = ${next.id}`
      await closeLog(tx, log, new Date())
      await tx`select pg_notify('sluice', ${`attempt:${attempt.id}`})`
    })
    await page.waitForSelector('#head[data-state="success"]')
    await page.waitForSelector('#rail-weather use[href="#s-ok"]', { state: 'attached' })
    expect(await isSameDocument(page)).toBe(true)
    expect(complaints).toEqual([])
    await page.close()
  })
  it('follows again, without a reload, when its stream was refused for a while', async () => {
    const rows = rowsOf(sql, new Date())
    const attempt = await rows.attempt(await rows.project('refused'), 'daily_sync')
    const root = await rows.task(attempt.id, { name: '+daily_sync', kind: 'group', state: 'planned' })
    const load = await rows.task(attempt.id, { name: '+daily_sync+load', parent: root.id, state: 'blocked' })
    const { page } = await openSignedInPage(browser, url)
    await page.route('**/events/attempts/**', (route) => route.fulfill({ status: 503 }), { times: 1 })
    const refused = page.waitForResponse((answer) => answer.status() === 503, PATIENCE)
    await page.goto(`${url}/attempts/${attempt.id}`)
    await markDocument(page)
    await refused
    await sql`update tasks set full_name = '+daily_sync+renamed' where id = ${load.id}`
    await page.locator(`[data-task="${load.id}"]`, { hasText: 'renamed' }).waitFor(PATIENCE)
    expect(await isSameDocument(page)).toBe(true)
    await page.close()
  })
  it('fits a phone: no word of its axis lies on another, and nothing scrolls sideways', async () => {
    const rows = rowsOf(sql, new Date())
    const project = await rows.project('phone')
    const attempt = await rows.attempt(project, 'daily_sync', { state: 'success', started: 10, minutes: 0.05 })
    const root = await rows.task(attempt.id, { name: '+daily_sync', kind: 'group', state: 'success' })
    await rows.task(attempt.id, { name: '+daily_sync+load', parent: root.id, state: 'success', started: 10 })
    for (const width of [400, 900, 1440]) {
      const { page } = await openSignedInPage(browser, url, { width, height: 900 })
      await page.goto(`${url}/attempts/${attempt.id}`)
      const words = await page.locator('.gh text:visible').evaluateAll((all) =>
        all.map((one) => {
          const { left, right } = one.getBoundingClientRect()
          return { left, right }
        }),
      )
      expect(words.length).toBeGreaterThan(1)
      for (const [index, { right }] of words.slice(0, -1).entries())
        expect(words[index + 1]?.left).toBeGreaterThan(right)
      expect(words.at(-1)?.right).toBeLessThan(width)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      await page.close()
    }
  })
})
