import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { openTestApp, signedInCookie } from '../support/app.ts'
import { openTestSchema } from '../support/schema.ts'
import { openApi } from './api/door.ts'
import { insertProject } from './api/rows.ts'

const { sql, drop } = await openTestSchema('hostile')
const { workflowIds } = await insertProject(sql)
const api = await openApi(sql)
const cookie = await signedInCookie(api.app)
const csrf = createHmac('sha256', cookie.split('=')[1] ?? '')
  .update('csrf')
  .digest('base64url')
const FORM = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost' }
const bearer = { authorization: `Bearer ${api.token}` }
afterAll(async () => {
  await api.hints.close()
  await drop()
})

const WORDS = [
  ...['1e3', '-1', '0', '1.0', '0x10', '٣', '999999999999999999', '9223372036854775808', '99999999999999999999999'],
  ...['%2F', '..%2f..', '%00', 'a%00b', '%ff', '%', '%ed%a0%80', '__proto__', 'constructor', 'hasOwnProperty'],
  ...["'%20or%201=1--", '%3Cscript%3E', '%1b%5d0;x%07', '+', 'a'.repeat(5000)],
]
const QUERIES = [
  'page_size',
  'last_id',
  'count',
  'revision',
  'name',
  'workflow',
  'project',
  'from',
  'to',
  'after',
  'seq',
  'before',
  'state',
  'page',
  'session_time',
  'mode',
  'q',
]

const routes = [
  ...new Map(
    api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/*')
      .map((route) => [`${route.method} ${route.path}`, route]),
  ).values(),
]
/** Those that change something; without a sign-in nothing else could be asked. */
const actions = routes.filter(({ method, path }) => method !== 'GET' && path !== '/sign-out')
const PARAM = /:(\w+)(\{[^}]*\})?/g

/** Asked by whoever may: what matters is what the route makes of it. */
async function ask(method: string, path: string, body?: string) {
  const isApi = path.startsWith('/api')
  const abort = new AbortController()
  const answer = await api.app.request(path, {
    method,
    signal: abort.signal,
    headers: isApi ? bearer : { ...FORM, cookie, 'x-csrf-token': csrf },
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: body ?? '{}' }),
  })
  const { status } = answer
  abort.abort()
  await answer.body?.cancel().catch(() => {})
  return status
}

/** The bugs that were reported since. */
const bugsOf = () => api.bugs.splice(0).map((bug) => (bug instanceof Error ? bug.message : String(bug)))

describe('an address', () => {
  it.each(WORDS)(
    'with %s in the place of an id or a name breaks nothing',
    async (word) => {
      const broken: string[] = []
      for (const { method, path } of routes.filter(({ path }) => path.includes(':'))) {
        const asked = path.replaceAll(PARAM, word)
        if ((await ask(method, asked)) >= 500) broken.push(`${method} ${path}: ${bugsOf()}`)
      }
      expect(broken).toEqual([])
    },
    60_000,
  )

  it.each(WORDS)(
    'with %s in each of its questions breaks nothing',
    async (word) => {
      const broken: string[] = []
      const query = QUERIES.map((name) => `${name}=${word}`)
      for (const { path } of routes.filter(({ method }) => method === 'GET')) {
        const asked = path.replaceAll(PARAM, '1')
        for (const one of [...query, query.join('&')])
          if ((await ask('GET', `${asked}?${one}`)) >= 500) broken.push(`${path}?${one}: ${bugsOf()}`)
      }
      expect(broken).toEqual([])
    },
    120_000,
  )
})

describe('a body', () => {
  it.each([
    '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}',
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    `{"a":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
    '{"name":"\\u0000","params":{"x":"\\u0000\\ud800"},"sessionTime":"\\u0000","workflowId":"\\u0000"}',
    '{"name":null,"url":null,"branch":[],"secret":{},"workflowId":1e400,"attemptId":-1,"params":null}',
    '{"name":"a","name":"b"}',
    '\0',
    '',
  ])(
    '%.60s breaks nothing',
    async (body) => {
      const broken: string[] = []
      for (const { method, path } of actions)
        if ((await ask(method, path.replaceAll(PARAM, '1'), body)) >= 500) broken.push(`${method} ${path}: ${bugsOf()}`)
      expect(broken).toEqual([])
      expect({}).not.toHaveProperty('admin')
    },
    60_000,
  )
})

describe('a body that is compressed', () => {
  const send = async (encoding: string, body: Uint8Array<ArrayBuffer>) => {
    const headers = { ...bearer, 'content-encoding': encoding }
    const answer = await api.app.request('/api/tokens', { method: 'POST', body, headers })
    return [answer.status, ((await answer.json()) as { message?: string }).message]
  }

  it('is read when it is gzip', async () => {
    expect(await send('gzip', gzipSync('{"name":"unpacked"}'))).toEqual([200, undefined])
    expect(await send('X-GZip', gzipSync('{"name":"unpacked too"}'))).toEqual([200, undefined])
  })

  it.each<[string, string, Uint8Array<ArrayBuffer>, number, string]>([
    ['unfolds to more than any body may have', 'gzip', gzipSync(Buffer.alloc(64 << 20)), 413, 'The body is too large'],
    ['is no gzip', 'gzip', Buffer.from('{}'), 400, 'The body is no gzip, as its Content-Encoding says'],
    [
      'is cut off',
      'gzip',
      gzipSync('{"name":"cut"}').subarray(0, 20),
      400,
      'The body is no gzip, as its Content-Encoding says',
    ],
    ['is packed otherwise', 'br', Buffer.from('{}'), 400, 'The body is compressed (br), and only gzip is read'],
  ])('is refused when it %s', async (_, encoding, body, status, message) => {
    expect(await send(encoding, body)).toEqual([status, message])
  })
})

describe('a body with wrong fields', () => {
  it('is told each of them in words', async () => {
    const body = '{"workflowId":true,"sessionTime":"noon","retryAttemptName":7}'
    const answer = await api.app.request('/api/attempts', { method: 'PUT', body, headers: bearer })
    expect([answer.status, await answer.json(), answer.headers.get('sluice-hint')]).toEqual([
      400,
      {
        status: 400,
        message:
          'The field workflowId is wrong: expected an id such as "12"; The field sessionTime is wrong: expected a time such as 2026-03-28T00:00:00+00:00; The field retryAttemptName is wrong: expected string, received number; The field params is wrong: expected an object such as {}',
      },
      'Correct the fields that are named.',
    ])
  })
})

describe('a method that a path does not take', () => {
  it.each([
    ['PATCH', '/api/projects', 'GET, HEAD, PUT'],
    ['DELETE', '/api/attempts', 'GET, HEAD, PUT'],
    ['POST', '/api/projects/shop/link', 'PUT'],
    ['DELETE', '/projects', 'GET, HEAD'],
    ['GET', '/attempts/1/kill', 'POST'],
  ])('is told from a path that is none: %s %s', async (method, path, allow) => {
    const headers = path.startsWith('/api') ? bearer : { ...FORM, cookie, 'x-csrf-token': csrf }
    const answer = await api.app.request(path, { method, headers })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
    expect(await answer.text()).toContain(`${method} is not possible here`)
    const asked = await api.app.request(path, { method: 'OPTIONS', headers })
    expect([asked.status, asked.headers.get('allow')]).toEqual([204, allow])
  })

  it('is told to nobody who is a stranger', async () => {
    const answer = await api.app.request('/api/projects', { method: 'PATCH' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([401, null])
  })
})

describe('HEAD', () => {
  it('leaves no stream behind that nobody reads', async () => {
    let heard = 0
    const hear = () => {
      heard += 1
      return () => {
        heard -= 1
      }
    }
    const { app } = await openTestApp(sql, { dashboard: { hints: { hear } } })
    const answer = await app.request('/events/overview', { method: 'HEAD', headers: { cookie } })
    expect(answer.status).toBe(200)
    await vi.waitUntil(() => heard === 0, { timeout: 10_000 })
  })
})

describe('params of an attempt', () => {
  it('keep names that JavaScript knows, and texts that PostgreSQL does not', async () => {
    const params = '{"__proto__":{"admin":true},"constructor":1,"toString":"x","nul":"\\u0000","half":"\\ud800"}'
    const body = `{"workflowId":"${workflowIds[0]}","sessionTime":"2026-03-01T00:00:00Z","params":${params}}`
    const answer = await api.app.request('/api/attempts', { method: 'PUT', body, headers: bearer })
    expect(answer.status).toBe(200)
    const told = await answer.text()
    expect(told).toContain('"constructor":1,"toString":"x","nul":"\ufffd","half":"\ufffd"}')
    expect({}).not.toHaveProperty('admin')
  })
})

describe('params that are nested without end', () => {
  it.each([1000, 100_000])('are refused: %i levels', async (levels) => {
    const params = `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
    const body = `{"workflowId":"${workflowIds[0]}","sessionTime":"2026-03-02T00:00:00Z","params":${params}}`
    const answer = await api.app.request('/api/attempts', { method: 'PUT', body, headers: bearer })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('nested deeper than 500 levels')
  })
})

describe('credentials', () => {
  it.each([
    'Basic',
    'Basic ',
    'Basic :',
    'Basic ====',
    'Basic Og==',
    `Basic ${'A'.repeat(100_000)}`,
    'Basic AA==, Basic AA==',
    'Bearer',
    'Bearer null',
    'Digest x',
    'basic\tYTpi',
    `Basic ${btoa('admin:a\0b')}`,
    `Basic ${btoa('a\0:b')}`,
  ])('%.40s open nothing', async (authorization) => {
    for (const path of ['/api/projects', '/git/shop.git/info/refs?service=git-upload-pack'])
      expect((await api.app.request(path, { headers: { authorization } })).status).toBe(401)
    expect(bugsOf()).toEqual([])
  })
})

describe('a form', () => {
  it.each([
    ['no Origin', {}],
    ['the Origin null', { origin: 'null' }],
    ['another Origin', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://localhost:81' }],
    ['a lookalike', { origin: 'http://localhost.evil.example' }],
    ['an Origin that is a path', { origin: '/localhost' }],
    ['another site', { origin: 'http://localhost', 'sec-fetch-site': 'cross-site' }],
    ['a sibling site', { origin: 'http://localhost', 'sec-fetch-site': 'same-site' }],
    ['a text that is no form', { origin: 'http://localhost', 'content-type': 'text/plain' }],
  ])('from %s is not accepted anywhere', async (_, headers) => {
    const open: string[] = []
    for (const { method, path } of actions) {
      if (path.startsWith('/hooks') || path.startsWith('/git')) continue
      const init = {
        method,
        body: 'csrf=x',
        headers: { 'content-type': FORM['content-type'], cookie, ...headers },
      }
      const { status } = await api.app.request(path.replaceAll(PARAM, '1'), init)
      if (![400, 403, 404].includes(status)) open.push(`${method} ${path}: ${status}`)
    }
    expect(open).toEqual([])
  })
})
