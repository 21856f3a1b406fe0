import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '../../src/app/create-token.ts'
import type { Database } from '../../src/db/sql.ts'
import { findUser } from '../../src/db/users.ts'
import type { Env } from '../../src/http/env.ts'
import { Refusal } from '../../src/refusal.ts'
import { basic, NOW, openTestApp, PASSWORD, post, signedInCookie, type TestApp } from '../support/app.ts'
import { openTestSchema } from '../support/schema.ts'

/** What other rooms will mount: one route for each kind of caller. */
const doors = new Hono<Env>()
  .get('/git/:project/info/refs', (c) => c.text(c.get('user').name))
  .get('/api/projects', (c) => c.json({ user: c.get('user').name }))
  .post('/api/attempts', (c) => c.json({ user: c.get('user').name }))
  .get('/api/store/:text', async (c) => c.json(await sql`select ${c.req.param('text')}::text as text`))
  .get('/api/version', (c) => c.json({ version: '0' }))
  .post('/hooks/github/:project', (c) => c.text('heard'))
  .get('/healthz', (c) => c.text('ok'))
  .get('/readyz', (c) => c.text('ok'))
  .get('/boom', () => {
    throw new Error('a secret detail')
  })
  .get('/api/boom', () => {
    throw new Error('a secret detail')
  })
  .get('/api/away', () => {
    throw Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' })
  })
  .get('/healthz/made-elsewhere', () => new Response('bytes'))
  .get('/nope', () => {
    throw new Refusal('not_found', 'There is no <project>', 'Push it first.')
  })

let sql: Database
let drop: () => Promise<void>
let app: TestApp
let bugs: unknown[]
let token: string

beforeAll(async () => {
  ;({ sql, drop } = await openTestSchema('app'))
  ;({ app, bugs } = await openTestApp(sql, { doors: [doors] }))
  const admin = await findUser(sql, 'admin')
  token = await createToken(
    { sql },
    {
      userId:
        admin?.id ??
        (() => {
          throw new Error('no admin')
        })(),
      name: 'laptop',
    },
    NOW,
  )
})
afterAll(() => drop())

const PUBLIC = ['/sign-in', '/healthz', '/readyz', '/api/version', '/assets/', '/hooks/']
const routesOf = (one: TestApp) =>
  one.routes
    .filter(({ path }) => path !== '/*')
    .map(({ method, path }) => ({ method, path: path.replaceAll(/:\w+(\{[^}]*\})?/g, '1') }))

describe('every route', () => {
  it('is closed to strangers unless it is on the list', async () => {
    const routes = routesOf(app)
    expect(routes.length).toBeGreaterThan(10)
    const open: string[] = []
    for (const { method, path } of routes) {
      const { status, headers } = await app.request(path, { method: method === 'ALL' ? 'GET' : method })
      const isClosed = status === 401 || (status === 302 && headers.get('location')?.startsWith('/sign-in?next='))
      if (!isClosed) open.push(path)
    }
    const unexpected = open.filter(
      (path) => !PUBLIC.some((known) => path === known || (known.endsWith('/') && path.startsWith(known))),
    )
    expect(unexpected).toEqual([])
  })

  it.each([
    '/unknown',
    '/api/unknown',
    '/git/unknown',
    '/events/unknown',
    '/sign-in/more',
    '/healthz/',
    '/api/version/x',
    '/hooks',
    '/%61pi/projects',
    '//api/projects',
    '/assets/../api/projects',
  ])('does not open by another spelling: %s', async (path) => {
    const answer = await app.request(path)
    expect([401, 302, 404]).toContain(answer.status)
    expect(await answer.text()).not.toContain('"user"')
  })

  it('carries the strict policy', async () => {
    for (const path of ['/sign-in', '/boom', '/api/projects', '/healthz', '/healthz/made-elsewhere']) {
      const { headers } = await app.request(path, { headers: basic('x', token) })
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      )
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })
})

describe('a caller of git', () => {
  it('is asked for a name and password', async () => {
    const answer = await app.request('/git/weather.git/info/refs')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Sluice", charset="UTF-8"')
    expect(answer.headers.get('content-type')).toContain('text/plain')
  })

  it.each([
    ['a password', () => basic('admin', PASSWORD), 200],
    ['a token and any name', () => basic('x', token), 200],
    ['a bearer token', () => ({ authorization: `Bearer ${token}` }), 200],
    ['an empty password', () => basic('admin', ''), 401],
    ['a wrong token', () => basic('admin', 'sluice_wrong'), 401],
    ['nonsense', () => ({ authorization: 'Basic %%%' }), 401],
    ['an empty header', () => ({ authorization: '' }), 401],
  ])('who brings %s', async (_what, headers, status) => {
    expect((await app.request('/git/weather.git/info/refs', { headers: headers() })).status).toBe(status)
  })

  it('is not let in by a cookie', async () => {
    const cookie = await signedInCookie(app)
    expect((await app.request('/git/weather.git/info/refs', { headers: { cookie } })).status).toBe(401)
  })
})

describe('a caller of the API', () => {
  it('gets JSON in the shape of Digdag, and what to do next beside it', async () => {
    const answer = await app.request('/api/projects')
    expect(answer.status).toBe(401)
    expect(await answer.json()).toEqual({ status: 401, message: 'Nobody is signed in' })
    expect(answer.headers.get('sluice-hint')).toBe('Sign in with your name and password, or with a token.')
  })

  it('hears that the database is away, and nobody is told of a bug', async () => {
    const before = bugs.length
    const answer = await app.request('/api/away', { headers: basic('x', token) })
    expect([answer.status, await answer.json(), answer.headers.get('sluice-hint')]).toEqual([
      503,
      { status: 503, message: 'The database does not answer' },
      'Try again in a moment. /readyz tells when it is back; what runs goes on.',
    ])
    expect(bugs).toHaveLength(before)
  })

  it('gets an empty 404 for what does not exist', async () => {
    const answer = await app.request('/api/unknown', { headers: basic('x', token) })
    expect([answer.status, await answer.text()]).toEqual([404, ''])
  })

  it('needs no form token with a token of its own, whatever the origin', async () => {
    const headers = { ...basic('x', token), origin: 'https://evil.example' }
    expect((await app.request('/api/attempts', { method: 'POST', headers })).status).toBe(200)
  })

  it.each([
    ['no form token', {}, 403],
    ['another origin', { origin: 'https://evil.example', right: 'yes' }, 403],
    ['another site', { 'sec-fetch-site': 'cross-site', right: 'yes' }, 403],
    ['a sibling site', { 'sec-fetch-site': 'same-site', right: 'yes' }, 403],
    ['the form token', { origin: 'http://localhost', right: 'yes' }, 200],
    ['the form token and nothing about its origin', { right: 'yes' }, 403],
  ])('by a cookie with %s', async (_what, { right, ...headers }: Record<string, string>, status) => {
    const cookie = await signedInCookie(app)
    const csrf = right === undefined ? {} : { 'x-csrf-token': await csrfOf(cookie) }
    const answer = await app.request('/api/attempts', { method: 'POST', headers: { cookie, ...headers, ...csrf } })
    expect(answer.status).toBe(status)
  })

  it.each([
    ['its name', '/api/projects', () => basic('a\0b', 'x'), 401],
    ['a path', '/api/store/a%00b', () => basic('x', token), 200],
  ])('may send a NUL in %s: it is a character that nothing has, and no bug', async (_what, path, headers, status) => {
    const before = bugs.length
    const answer = await app.request(path, { headers: headers() })
    expect([answer.status, bugs.length]).toEqual([status, before])
  })

  it('never sees the inside of a bug', async () => {
    const answer = await app.request('/api/boom', { headers: basic('x', token) })
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret detail')
    expect(String(bugs.at(-1))).toBe('Error: a secret detail')
  })
})

describe('a browser', () => {
  it('is sent to the form and back to where it wanted to go', async () => {
    const answer = await app.request('/boom?a=b')
    expect(answer.headers.get('location')).toBe('/sign-in?next=%2Fboom%3Fa%3Db')
  })

  it('reads errors as a page, escaped', async () => {
    const answer = await app.request('/nope', { headers: { cookie: await signedInCookie(app) } })
    const text = await answer.text()
    expect(answer.status).toBe(404)
    expect(text).toContain('There is no &lt;project&gt;')
    expect(text).toContain('Push it first.')
  })

  it('is not let in by a header: it would send it from any site', async () => {
    expect((await app.request('/nope', { headers: basic('admin', PASSWORD) })).status).toBe(302)
  })

  it('is signed out by a form with its token only', async () => {
    const cookie = await signedInCookie(app)
    expect((await post(app, '/sign-out', {}, { cookie })).status).toBe(403)
    expect((await post(app, '/sign-out', { csrf: await csrfOf(cookie) }, { cookie })).status).toBe(303)
    expect((await app.request('/nope', { headers: { cookie } })).status).toBe(302)
  })
})

/** As the page's own forms carry it. */
async function csrfOf(cookie: string): Promise<string> {
  const { createHmac } = await import('node:crypto')
  return createHmac('sha256', cookie.split('=')[1] ?? '')
    .update('csrf')
    .digest('base64url')
}
