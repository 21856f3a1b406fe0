import { serve } from '@hono/node-server'
import { type Browser, chromium, type Page } from 'playwright-core'
import { openHints } from '../../src/db/hints.ts'
import { openTestApp, PASSWORD, type TestApp } from './app.ts'
import { openTestSchema } from './schema.ts'
import { freePort } from './stores.ts'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, headless: true })
}

async function serveApp(app: TestApp): Promise<{ url: string; close: () => Promise<void> }> {
  const port = await freePort()
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' })
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}`, close }
}

/** The dashboard over a schema of its own, and a browser to look at it with. */
export async function openDashboard(name: string) {
  const { sql, drop } = await openTestSchema(name)
  const hints = await openHints(sql)
  const { app } = await openTestApp(sql, { dashboard: { hints }, now: () => new Date() })
  const [server, browser] = await Promise.all([serveApp(app), launchBrowser()])
  return {
    sql,
    url: server.url,
    browser,
    close: async () => {
      await browser.close()
      await server.close()
      await hints.close()
      await drop()
    },
  }
}

/** A page that has signed in. `complaints` collects what the browser found wrong: errors of scripts, breaches of the policy, failed loads. */
export async function openSignedInPage(browser: Browser, url: string, viewport = { width: 1440, height: 900 }) {
  const page = await browser.newPage({ viewport })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`${url}/sign-in`)
  await page.fill('#name', 'admin')
  await page.fill('#password', PASSWORD)
  await page.click('button[type=submit]')
  await page.waitForURL((at) => at.pathname !== '/sign-in')
  return { page, complaints }
}

/** Marks the document, so that a test can see that it is still the same one. */
export const markDocument = (page: Page) => page.evaluate(() => Object.assign(globalThis, { isSameDocument: true }))
export const isSameDocument = (page: Page) => page.evaluate(() => 'isSameDocument' in globalThis)
