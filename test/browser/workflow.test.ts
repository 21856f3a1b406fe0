import { mkdtempSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { renderSvg } from '../../src/graph/graph-svg.tsx'
import { layOutGraph } from '../../src/graph/lay-out.ts'
import { planGraph } from '../../src/graph/plan-graph.ts'
import { HOSTILE_CONFIG, HOSTILE_WORDS } from '../graph/hostile.ts'
import { graphOf } from '../graph/sketch.ts'
import { openDashboard, openSignedInPage } from '../support/browser.ts'
import { rowsOf } from '../support/rows.ts'

const { sql, url, browser, close } = await openDashboard('browser_workflow')
afterAll(close)

const CONFIG = {
  schedule: { 'daily>': '06:00:00' },
  _error: { 'sh>': './page.sh' },
  '+fetch': {
    _parallel: true,
    '+stations': { 'sh>': './fetch.sh stations' },
    '+readings': { 'sh>': './fetch.sh readings --since "${last_session_time}" --and-more-that-nobody-reads' },
    '+forecast': { 'py>': 'fetch.forecast' },
  },
  '+clean': { 'sh>': './clean.sh', _error: { 'echo>': 'not clean' } },
  '+months': { 'for_each>': { month: ['january', 'february'] }, _do: { '+sum': { 'py>': 'months.sum' } } },
  '+publish': { 'call>': 'parts/publish.dig' },
  '+wait': { 'require>': 'other' },
}

describe('the page of a workflow that never ran', () => {
  const open = async (name: string, viewport: { width: number; height: number }, config = CONFIG) => {
    const project = await rowsOf(sql, new Date()).project(name, { config })
    const called = { 'parts/publish.dig': { '+site': { 'sh>': './site.sh' } } }
    await sql`update revisions set called = ${sql.json(called)} where id = ${project.revisionId}`
    const { page, complaints } = await openSignedInPage(browser, url, viewport)
    await page.goto(`${url}/projects/${name}/workflows/daily_sync`)
    return { page, complaints }
  }

  it('shows its graph, beside its schedule and its next runs', async () => {
    const { page, complaints } = await open('shown', { width: 1440, height: 900 })
    expect(await page.locator('#graph header').textContent()).toBe('Tasks12 tasks in v1')
    expect(await page.locator('.graph .name').allTextContents()).toEqual([
      ...['+daily_sync', '+fetch', '+stations', '+readings', '+forecast', '+clean', '_error', '+months', '+sum'],
      ...['+publish', '+site', '+wait', '_error'],
    ])
    expect(await page.locator('.graph .command').first().textContent()).toBe('sh> ./fetch.sh stations')
    expect(await page.getByRole('heading', { name: 'Next runs' }).isVisible()).toBe(true)
    expect(await page.locator('.table time').count()).toBe(5)
    expect(await page.locator('.graph a').getAttribute('href')).toBe('/projects/shown/workflows/other')
    expect(complaints).toEqual([])
    await page.close()
  })

  it('is colours of the theme, and not those of another', async () => {
    const { page } = await open('themes', { width: 1440, height: 900 })
    const colours = async () => [await fillOf(page, '.graph .box'), await fillOf(page, '.graph .name')]
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await colours()).toEqual(['rgb(255, 255, 255)', 'rgb(15, 26, 32)'])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await colours()).toEqual(['rgb(16, 24, 28)', 'rgb(232, 239, 242)'])
    await page.close()
  })

  it('leads the keyboard from task to task, and brings each into sight', async () => {
    const { page } = await open('keys', { width: 400, height: 800 })
    await page.locator('.graphbox').focus()
    const titles: unknown[] = []
    for (let press = 0; press < 3; press++) {
      await page.keyboard.press('Tab')
      titles.push(await page.evaluate("document.activeElement.querySelector('title').textContent.split('\\n')[0]"))
    }
    expect(titles).toEqual(['+daily_sync+fetch', '+daily_sync+fetch+stations', '+daily_sync+fetch+readings'])
    await page.locator('.graph .never, .graph a').last().focus()
    expect(await page.evaluate(IS_IN_SIGHT)).toBe(true)
    await page.close()
  })

  it('fits a phone: the graph scrolls in its box and nothing else does', async () => {
    const { page } = await open('phone', { width: 400, height: 800 })
    const box = page.locator('.graphbox')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400)
    expect(await box.evaluate((element) => element.scrollWidth > element.clientWidth)).toBe(true)
    expect((await box.boundingBox())?.width).toBeLessThanOrEqual(400)
    await page.close()
  })

  it('has words that stay in their boxes', async () => {
    const { page } = await open('words', { width: 1440, height: 900 })
    expect(await page.evaluate(WORDS_OUTSIDE)).toEqual([])
    await page.close()
  })

  it('says the same as a list', async () => {
    const { page } = await open('list', { width: 1440, height: 900 })
    await page.getByText('As a list').click()
    const rows = await page.locator('.outline li').allInnerTexts()
    expect(rows.slice(0, 3).map((row) => row.replace('\n', ' '))).toEqual([
      '+daily_sync',
      '+fetch parallel',
      '+stations sh> ./fetch.sh stations',
    ])
    await page.close()
  })

  it('takes no word of a workflow for markup, nor for a script', async () => {
    const { page, complaints } = await open('hostile', { width: 1440, height: 900 }, HOSTILE_CONFIG as typeof CONFIG)
    expect(await page.locator('.graph script, .graph img').count()).toBe(0)
    expect(await page.locator('.graph .command').first().textContent()).toContain('</text></svg>')
    expect(complaints).toEqual([])
    await page.close()
  })
})

describe('a picture of a workflow', () => {
  const show = async (svg: string) => {
    const file = join(mkdtempSync(join(tmpdir(), 'sluice-graph-')), 'graph.svg')
    await writeFile(file, svg)
    const page = await browser.newPage({ colorScheme: 'dark' })
    await page.goto(`file://${file}`)
    return page
  }

  it('stands alone, in the theme of whoever looks at it', async () => {
    const page = await show(renderSvg(layOutGraph(graphOf('+a: {sh>: ./load}'))))
    expect(await fillOf(page, '.ground')).toBe('rgb(10, 16, 19)')
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await fillOf(page, '.ground')).toBe('rgb(245, 248, 249)')
    expect(await page.evaluate(WORDS_OUTSIDE)).toEqual([])
    await page.close()
  })

  it('is XML that a browser reads, whatever the words are', async () => {
    const page = await show(
      renderSvg(layOutGraph(planGraph({ name: HOSTILE_WORDS[0] ?? '', config: HOSTILE_CONFIG }, {}))),
    )
    expect(
      await page.evaluate("document.querySelector('parsererror') === null && document.documentElement.localName"),
    ).toBe('svg')
    expect(await page.locator('script').count()).toBe(0)
    await page.close()
  })
})

const fillOf = (page: Page, selector: string) =>
  page
    .locator(selector)
    .last()
    .evaluate((element) => element.ownerDocument.defaultView?.getComputedStyle(element).fill)

const IS_IN_SIGHT = `(() => {
  const [task, box] = [document.activeElement, document.querySelector('.graphbox')].map((one) => one.getBoundingClientRect())
  return task.left >= box.left && task.left < box.right && task.top >= box.top && task.top < box.bottom
})()`

const WORDS_OUTSIDE = `[...document.querySelectorAll('.graph text')].filter((text) => {
  const outline = text.parentElement.querySelector(':scope > .outline:last-of-type')
  const [word, box] = [text, outline].map((one) => one?.getBoundingClientRect())
  return box && (word.right > box.right - 4 || word.bottom > box.bottom)
}).map((text) => text.textContent)`
