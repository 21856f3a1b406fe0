import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeCertificate, speakTo, startProxy, statusOf, type TestProxy } from '../support/haproxy.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

/** What is silent for longer than this is beyond every ordinary timeout. As shipped the longest is 5 minutes. */
const CASES = [
  { name: 'a second for each', ordinary: '1s', silentMs: 3_000 },
  ...(process.env.SLUICE_TEST_LONG === 'yes' ? [{ name: 'as shipped', ordinary: null, silentMs: 305_000 }] : []),
]
const ORDINARY = /^( +timeout (client|server|http-request|http-keep-alive)|.* wait-for-body time) \d+[sm]/gm

describe.each(CASES)('timeouts, $name', ({ ordinary, silentMs }) => {
  let folder: string
  let web: Recorder
  let proxy: TestProxy

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-times-'))
    await writeFile(join(folder, 'sluice.pem'), makeCertificate())
    web = await openRecorder()
    web.state.answer = ({ url = '' }, response) => {
      if (url === '/') return void response.end('ok')
      if (url.startsWith('/events/')) response.writeHead(200).write('begun, ')
      setTimeout(() => response.end('done'), silentMs)
    }
    const change = (text: string) => (ordinary === null ? text : text.replaceAll(ORDINARY, `$1 ${ordinary}`))
    proxy = await startProxy([web.address], { SLUICE_PROXY_CERTS: folder }, change)
    await vi.waitFor(async () => expect((await fetch(proxy.url())).status).toBe(200), { timeout: 20_000 })
  })
  afterAll(async () => {
    await proxy?.stop()
    await web?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Waits for as long as it takes: `fetch` gives up after five minutes by itself. */
  const ask = async (method: string, path: string) => {
    const asking = request(`${proxy.url()}${path}`, { method, agent: false })
    asking.end(method === 'GET' ? undefined : 'x')
    const [answer]: IncomingMessage[] = await once(asking, 'response')
    if (answer === undefined) throw new Error('a response was announced')
    return [answer.statusCode, await text(answer)]
  }
  /** As browsers do over TLS: more than one stream on a connection. */
  const askH2 = (path: string) =>
    new Promise<unknown>((resolve, reject) => {
      const session = connect(`https://127.0.0.1:${proxy.port('8443')}`, { rejectUnauthorized: false })
      const stream = session.on('error', reject).request({ ':path': path })
      let said = ''
      let status: number | undefined
      stream.on('response', (headers) => (status = headers[':status']))
      stream.on('data', (chunk) => (said += chunk))
      stream.on('error', reject).on('end', () => {
        session.close()
        resolve([status, said])
      })
    })

  it(
    'end a page that does not come, and nothing that may be silent: pushes, archives, live pages, logs that are followed',
    async () => {
      const answers = await Promise.all([
        ask('GET', '/page'),
        ask('POST', '/git/shop.git/git-receive-pack'),
        ask('PUT', '/api/projects?project=shop&revision=r'),
        ask('GET', '/api/projects'),
        ask('GET', '/events/overview'),
        askH2('/events/overview'),
        ask('GET', '/api/attempts/7/tasks/%2Ba/log?follow'),
        ask('GET', '/api/deploys/7/log?from=1&follow=true'),
        ask('GET', '/api/deploys/7/log?followers=1'),
      ])
      const late = [504, expect.stringMatching(/^The web took too long to answer\.\n/)]
      expect(answers).toEqual([
        late,
        [200, 'done'],
        [200, 'done'],
        late,
        [200, 'begun, done'],
        [200, 'begun, done'],
        [200, 'done'],
        [200, 'done'],
        late,
      ])
    },
    silentMs + 60_000,
  )

  it('end a client that does not say what it wants, or sends half of a small body', async () => {
    const startedAt = performance.now()
    const [headers, body] = await Promise.all([
      speakTo(proxy.port('8080'), 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow:'),
      speakTo(proxy.port('8080'), 'POST /sign-out HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nname='),
    ])
    expect([statusOf(headers), statusOf(body)]).toEqual([408, 408])
    if (ordinary === null) expect(performance.now() - startedAt).toBeGreaterThan(19_000)
    expect(web.seen.filter(({ path }) => path === '/sign-out')).toEqual([])
  }, 60_000)
})
