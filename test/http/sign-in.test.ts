import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resetAdmin } from '../../src/app/reset-admin.ts'
import type { Database } from '../../src/db/sql.ts'
import { ownPath } from '../../src/http/pages/sign-in.tsx'
import { NOW, openTestApp, PASSWORD, post, signedInCookie, type TestApp } from '../support/app.ts'
import { openTestSchema } from '../support/schema.ts'

let sql: Database
let drop: () => Promise<void>
let app: TestApp
let now = NOW
const PROXY = '10.0.0.2'

beforeAll(async () => {
  ;({ sql, drop } = await openTestSchema('sign_in'))
  ;({ app } = await openTestApp(sql, { now: () => now, trustsProxy: (address) => address === PROXY }))
})
afterAll(() => drop())

const signIn = (fields: Record<string, string>) => post(app, '/sign-in', { name: 'admin', ...fields })

describe('sign-in', () => {
  it('gives a cookie that scripts and other sites cannot use, and keeps only its hash', async () => {
    const answer = await signIn({ password: PASSWORD, next: '/projects/weather' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/projects/weather'])
    expect(answer.headers.get('set-cookie')).toMatch(
      /^sluice=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    const [row] = await sql<{ text: string }[]>`select encode(token_hash, 'escape') as text from sign_ins`
    expect(row?.text).not.toContain(answer.headers.get('set-cookie')?.slice(7, 50))
  })

  it('takes the strictest cookie over https', async () => {
    const answer = await post(
      app,
      'https://sluice.example/sign-in',
      { name: 'admin', password: PASSWORD },
      { origin: 'https://sluice.example' },
    )
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-sluice=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000')
  })

  it('takes it too behind a trusted proxy that ends TLS, and on nobody else’s word', async () => {
    const body = new URLSearchParams({ name: 'admin', password: PASSWORD }).toString()
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'https://localhost',
      'x-forwarded-proto': 'https',
    }
    const cookieFor = async (remoteAddress: string) => {
      const env = { incoming: { socket: { remoteAddress } } }
      const answer = await app.request('/sign-in', { method: 'POST', body, headers }, env)
      return answer.headers.get('set-cookie')
    }
    expect(await cookieFor(PROXY)).toMatch(/^__Host-sluice=.*; Secure; SameSite=Lax$/)
    expect(await cookieFor('10.0.0.3')).toMatch(/^sluice=.*; HttpOnly; SameSite=Lax$/)
  })

  it('does not answer a form of another site', async () => {
    const answer = await post(
      app,
      '/sign-in',
      { name: 'admin', password: PASSWORD },
      { origin: 'https://evil.example' },
    )
    expect(answer.status).toBe(403)
  })

  it('refuses what is not a form, and a form of a megabyte', async () => {
    const headers = { 'content-type': 'application/json', origin: 'http://localhost' }
    expect((await app.request('/sign-in', { method: 'POST', body: '{}', headers })).status).toBe(400)
    expect((await signIn({ password: 'x'.repeat(1_000_000) })).status).toBe(413)
  })

  it('counts wrong tries, then pauses, then forgives', async () => {
    const says = async (password: string) => {
      const answer = await signIn({ password })
      const [, said] = /<b>(.*?)<\/span>/s.exec(await answer.text()) ?? []
      return [answer.status, said?.replaceAll(/<.*?>/g, '')]
    }
    expect(await says('wrong')).toEqual([
      401,
      'That password does not match. 4 tries are left before a pause of 15 min.',
    ])
    await says('wrong')
    await says('wrong')
    expect(await says('wrong')).toEqual([401, 'That password does not match. 1 try is left before a pause of 15 min.'])
    expect(await says('wrong')).toEqual([
      401,
      'That password does not match. No try is left: there is a pause of 15 min.',
    ])
    expect(await says('wrong')).toEqual([429, 'Too many wrong passwords. Wait 15 min, then try again.'])
    now = new Date(now.getTime() + 15 * 60_000 + 1)
    expect(await signedInCookie(app)).toMatch(/^sluice=/)
  })

  it('counts tries that are made at the same time', async () => {
    const tries = await Promise.all(
      Array.from({ length: 12 }, () => post(app, '/sign-in', { name: 'eve', password: 'x' })),
    )
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(tries.filter(({ status }) => status === 429)).toHaveLength(7)
  })

  it('ends after 30 days', async () => {
    const cookie = await signedInCookie(app)
    expect((await app.request('/unknown', { headers: { cookie } })).status).toBe(404)
    now = new Date(now.getTime() + 30 * 24 * 3_600_000)
    expect((await app.request('/unknown', { headers: { cookie } })).status).toBe(302)
  })

  it('ends when the password is reset, and the old password with it', async () => {
    const cookie = await signedInCookie(app)
    const { password } = await resetAdmin({ sql }, {}, now)
    expect(password).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/)
    expect((await app.request('/unknown', { headers: { cookie } })).status).toBe(302)
    expect((await signIn({ password: PASSWORD })).status).toBe(401)
    expect((await signIn({ password })).status).toBe(303)
  })

  it.each([
    ['/projects/a?b=c', '/projects/a?b=c'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example', '/'],
    ['/a\r\nSet-Cookie: x', '/'],
    [undefined, '/'],
  ])('goes on only to a path of ours: %s', (given, path) => {
    expect(ownPath(given)).toBe(path)
  })
})
