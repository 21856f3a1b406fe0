import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAX_API_BYTES } from '../../src/http/api/query.ts'
import { MAX_HOOK_BYTES } from '../../src/http/hooks.ts'
import { makeCertificate, speakTo, startProxy, statusOf } from '../support/haproxy.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

type Proxy = Awaited<ReturnType<typeof startProxy>>
let folder: string
let web: Recorder
let proxy: Proxy

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-doors-'))
  await mkdir(join(folder, 'certs'))
  await writeFile(join(folder, 'certs', 'sluice.pem'), makeCertificate())
  await writeFile(join(folder, 'hosts.map'), 'hooks.example hooks\nflower.example flower\npages.example sites\n')
  await writeFile(join(folder, 'sites.map'), 'gone.example no_such_backend\n')
  web = await openRecorder()
  proxy = await startProxy([web.address], {
    SLUICE_PROXY_CERTS: join(folder, 'certs'),
    SLUICE_PROXY_MAPS: folder,
    SLUICE_PROXY_STATS_PASSWORD: 'statistics',
    SLUICE_PROXY_HOOK_RATE: '30',
    SLUICE_PROXY_SIGN_IN_RATE: '5',
  })
  await isUp(proxy)
})
afterAll(async () => {
  await proxy?.stop()
  await web?.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  web.seen.length = 0
})

const isUp = (one: Proxy) =>
  vi.waitFor(async () => expect((await fetch(one.url())).status).toBe(200), { timeout: 20_000, interval: 100 })

const speak = (text: string, port = proxy.port('8080'), isOver?: (said: string) => boolean) =>
  speakTo(port, text, isOver)
const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers })
const put = (url: string, body: string) => fetch(url, { method: 'PUT', body })
const over = { headers: { connection: 'close' } }
const hostFetch = (port: number, host: string, path: string) =>
  speak(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, port)

describe('the doors', () => {
  it.each(['8080', '9090', '65432'] as const)('%s is everything', async (door) => {
    for (const path of ['/', '/api/workflows', '/git/a.git/info/refs', '/flower/api/workers'])
      expect((await fetch(`${proxy.url(door)}${path}`, over)).status).toBe(200)
    expect(web.seen).toHaveLength(4)
  })

  it('8081 says that nothing is published', async () => {
    const answer = await fetch(`${proxy.url('8081')}/any/page`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(await answer.text()).toContain('<h1>Nothing is published here</h1>')
    expect(statusOf(await hostFetch(proxy.port('8081'), 'gone.example', '/'))).toBe(404) // its backend was removed
    expect(web.seen).toEqual([])
  })

  it('8082 is for hooks alone', async () => {
    expect((await post(`${proxy.url('8082')}/hooks/github/shop`, '{}')).status).toBe(200)
    for (const path of ['/', '/api/version', '/sign-in', '/hooks', '/hooksx/a'])
      expect((await fetch(`${proxy.url('8082')}${path}`)).status).toBe(404)
    for (const path of ['/hooks/../api/version', '/hooks/%2e%2E/api/version', '/hooks/..%2fapi', '/hooks/..\\api'])
      expect(statusOf(await hostFetch(proxy.port('8082'), 'a', path))).toBe(400)
    expect(web.seen.map(({ path }) => path)).toEqual(['/hooks/github/shop'])
  })

  it('8083 is Flower, where its clients look for it', async () => {
    for (const path of ['/api/workers?status=true', '/metrics', '/flower/api/workers'])
      await fetch(`${proxy.url('8083')}${path}`)
    const paths = ['/flower/api/workers?status=true', '/flower/metrics', '/flower/api/workers']
    expect(web.seen.map(({ path }) => path)).toEqual(paths)
  })

  it('can be chosen by the host, too', async () => {
    expect(statusOf(await hostFetch(proxy.port('8080'), 'Hooks.Example:8080', '/'))).toBe(404)
    expect(statusOf(await hostFetch(proxy.port('8080'), 'pages.example', '/'))).toBe(404)
    expect(statusOf(await hostFetch(proxy.port('8080'), 'flower.example', '/api/workers'))).toBe(200)
    expect(statusOf(await hostFetch(proxy.port('8080'), 'other.example', '/'))).toBe(200)
    expect(web.seen.map(({ path }) => path)).toEqual(['/flower/api/workers', '/'])
  })

  it('8404 shows the statistics to whoever has the password', async () => {
    const ask = async (password: string) => {
      const authorization = `Basic ${btoa(`admin:${password}`)}`
      return (await fetch(proxy.url('8404'), { headers: { authorization } })).status
    }
    expect([await ask('guess'), (await fetch(proxy.url('8404'))).status, await ask('statistics')]).toEqual([
      401, 401, 200,
    ])
  })

  it('8443 speaks TLS 1.2 and 1.3 and nothing older, and asks browsers to stay', async () => {
    const ask = (maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string>((resolve) => {
        const ciphers = 'DEFAULT@SECLEVEL=0'
        const options = { port: proxy.port('8443'), host: '127.0.0.1', rejectUnauthorized: false, maxVersion, ciphers }
        const socket = connectTls({ ...options, minVersion: 'TLSv1' }, () =>
          socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
        )
        let said = ''
        socket.on('data', (chunk) => (said += chunk))
        socket.on('error', (error) => resolve(error.message))
        socket.on('end', () => resolve(said))
      })
    expect(await ask('TLSv1.1')).toMatch(/alert|protocol version/i)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await ask(version)).toMatch(
        /^HTTP\/1\.1 200 OK\r\n(.*\r\n)*strict-transport-security: max-age=31536000\r\n/,
      )
      expect(web.seen.at(-1)?.headers['x-forwarded-proto']).toBe('https')
    }
    expect((await fetch(proxy.url())).headers.get('strict-transport-security')).toBeNull()
  })
})

describe('what is said about the client', () => {
  it('is said by the proxy, whatever the client wrote', async () => {
    await fetch(`${proxy.url()}/x`, {
      headers: {
        'x-forwarded-for': '1.2.3.4',
        'X-Forwarded-Proto': 'https',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-port': '1',
        'x-forwarded-prefix': '/evil',
        'x-real-ip': '1.2.3.4',
        forwarded: 'for=1.2.3.4;proto=https',
        proxy: 'http://evil.example',
      },
    })
    const host = `127.0.0.1:${proxy.port('8080')}`
    const names = Object.entries(web.seen[0]?.headers ?? {}).filter(([name]) =>
      /forwarded|real|proxy|^host$/.test(name),
    )
    expect(Object.fromEntries(names)).toEqual({
      host,
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': host,
    })
  })
})

describe('the limits', () => {
  it('refuse bodies that are too large where they are, and not to git nor of a project', async () => {
    const announce = (path: string, bytes: number, door: '8080' | '8082' = '8080') =>
      speak(
        `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`,
        proxy.port(door),
      )
    const hook = '/hooks/github/shop'
    for (const answer of [await announce(hook, MAX_HOOK_BYTES + 1), await announce(hook, MAX_HOOK_BYTES + 1, '8082')])
      expect([statusOf(answer), answer]).toEqual([413, expect.stringContaining('"GitHub sends at most 25 MiB"')])
    const answer = await announce('/api/attempts', MAX_API_BYTES + 1)
    expect([statusOf(answer), answer]).toEqual([413, expect.stringContaining('"Send at most 4 MiB."')])
    expect(web.seen).toEqual([])

    expect((await post(`${proxy.url()}/api/attempts`, 'x'.repeat(MAX_API_BYTES))).status).toBe(200)
    const most = 'x'.repeat(MAX_HOOK_BYTES)
    expect((await post(`${proxy.url()}${hook}`, most)).status).toBe(200)
    expect((await post(`${proxy.url()}/git/shop.git/git-receive-pack`, `${most}x`)).status).toBe(200)
    expect((await put(`${proxy.url()}/api/projects?project=shop&revision=1`, `${most}x`)).status).toBe(200)
    const large = MAX_HOOK_BYTES + 1
    expect(web.seen.map(({ bytes }) => bytes)).toEqual([MAX_API_BYTES, MAX_HOOK_BYTES, large, large])
  })

  it('want to know how long a webhook is', async () => {
    const text =
      'POST /hooks/github/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'
    expect(statusOf(await speak(text, proxy.port('8082')))).toBe(411)
  })

  it('slow down whoever sends many webhooks', async () => {
    const answers = []
    for (let n = 0; n < 45; n += 1) answers.push(await post(`${proxy.url('8082')}/hooks/github/shop`, '{}'))
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.headers.get('retry-after')).toBe('10')
    expect(await refused?.json()).toEqual({
      status: 429,
      message: 'Too many webhooks come from this address',
      hint: 'Wait 10 s, then deliver it again.',
    })
    expect((await fetch(proxy.url())).status).toBe(200) // nothing else is slowed down
  })

  it('slow down whoever signs in too often, by form or by wrong passwords', async () => {
    const signIns = []
    for (let n = 0; n < 8; n += 1) signIns.push(await post(`${proxy.url()}/sign-in`, 'name=admin&password=x'))
    expect(signIns.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
    expect(signIns.at(-1)?.headers.get('retry-after')).toBe('60')
    expect(await signIns.at(-1)?.text()).toBe(
      'Too many sign-ins come from this address.\nWait a minute, then try again.\n',
    )
    expect((await fetch(`${proxy.url()}/sign-in`)).status).toBe(200) // to look at the form is no try
    web.state.answer = (_request, response) => void response.writeHead(401).end()
    const headers = { authorization: 'Basic eDp5' }
    const tries = []
    for (let n = 0; n < 8; n += 1) tries.push((await fetch(`${proxy.url()}/api/projects`, { headers })).status)
    expect(tries).toEqual([401, 401, 401, 401, 401, 401, 429, 429])
    expect((await fetch(`${proxy.url()}/api/projects`)).status).toBe(401) // asked without a password, as git does first
    web.state.answer = (_request, response) => void response.end('ok')
  })
})

describe('with two webs', () => {
  let webs: readonly [Recorder, Recorder]
  let pair: Proxy
  beforeAll(async () => {
    webs = [await openRecorder(), await openRecorder()]
    pair = await startProxy(webs.map(({ address }) => address))
    await isUp(pair)
  })
  afterAll(async () => {
    await pair?.stop()
    for (const one of webs) await one.close()
  })

  it('asks the other one again when a web dies over a question, and never when it dies over a push', async () => {
    const die = (request: IncomingMessage) => void request.socket.destroy()
    const asked = () => webs.flatMap(({ seen }) => seen).filter(({ path }) => path !== '/').length
    webs[0].state.answer = die
    webs[1].state.answer = die
    expect((await fetch(`${pair.url()}/page`)).status).toBe(502)
    expect(asked()).toBeGreaterThan(1)
    const before = asked()
    // On a connection of its own: over one that was used before HAProxy says nothing, and the client knows that it may ask again.
    const push = 'POST /git/shop.git/git-receive-pack HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n0000'
    const said = await speak(push, pair.port('8080'), (text) => text.includes('ask again'))
    expect(said).toMatch(/^HTTP\/1\.1 502 .*The web that had this request went away before it answered\.\n/s)
    expect(asked()).toBe(before + 1)
    for (const one of webs) one.state.answer = (_request, response) => void response.end('ok')
  })

  it('sends nobody to a web that says it is not ready, and to whichever lives when none is', async () => {
    await vi.waitFor(async () => expect((await fetch(pair.url())).status).toBe(200), { timeout: 20_000 })
    webs[0].state.isReady = false
    await vi.waitFor(() => expect(pair.output()).toContain('Server webs/web1 is DOWN'), {
      timeout: 20_000,
      interval: 50,
    })
    for (const one of webs) one.seen.length = 0
    for (let n = 0; n < 6; n += 1) await fetch(pair.url(), over)
    expect(webs.map(({ seen }) => seen.length)).toEqual([0, 6])
    webs[1].state.isReady = false
    await vi.waitFor(() => expect(pair.output()).toContain('Server webs/web2 is DOWN'), {
      timeout: 20_000,
      interval: 50,
    })
    expect((await fetch(pair.url())).status).toBe(200)
    for (const one of webs) one.state.isReady = true
  })

  it('says in a sentence that no web answers', async () => {
    for (const one of webs) await one.close()
    const answer = await fetch(pair.url())
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await answer.text()).toMatch(/^No web of Sluice answers\.\n/)
  })
})
