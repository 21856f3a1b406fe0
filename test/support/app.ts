import { Passwords } from '../../src/app/check-password.ts'
import { createAdmin } from '../../src/app/create-admin.ts'
import type { Database } from '../../src/db/sql.ts'
import { type AppPorts, createApp } from '../../src/http/app.tsx'
import type { DashboardPorts } from '../../src/http/pages/all.ts'

export const PASSWORD = 'correct horse battery'
export const NOW = new Date('2026-03-28T06:14:08Z')

/** The whole app over a test schema, with the user `admin`. `bugs` collects what was reported. */
export async function openTestApp(
  sql: Database,
  { dashboard, ...ports }: Partial<Omit<AppPorts, 'dashboard'>> & { dashboard?: Partial<DashboardPorts> } = {},
) {
  const bugs: unknown[] = []
  await createAdmin({ sql }, { password: PASSWORD }, NOW)
  const app = createApp({
    sql,
    passwords: new Passwords(),
    now: () => NOW,
    report: (_id, error) => bugs.push(error),
    doors: [],
    dashboard: { ...silentDashboard(sql), ...dashboard },
    ...ports,
  })
  return { app, bugs }
}

/** Hears nothing, rings nobody, links nothing. */
const silentDashboard = (sql: Database): DashboardPorts => ({
  hints: { hear: () => () => {} },
  url: 'https://sluice.example',
  quietEnvironment: null,
  attempts: { sql, wakeUps: { ring: async () => {} } },
  link: async () => ({ newSecret: 'made-here-for-you' }),
})

export type TestApp = Awaited<ReturnType<typeof openTestApp>>['app']

const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost' }

export function post(app: TestApp, path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields).toString()
  return app.request(path, { method: 'POST', body, headers: { ...FORM_HEADERS, ...headers } })
}

/** The cookie of a browser that has signed in. */
export async function signedInCookie(app: TestApp): Promise<string> {
  const answer = await post(app, '/sign-in', { name: 'admin', password: PASSWORD })
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

export const basic = (name: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`,
})
