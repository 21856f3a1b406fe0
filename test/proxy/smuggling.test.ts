import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { speakTo, startProxy, statusOf, type TestProxy } from '../support/haproxy.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

const H = 'Host: a\r\n'
const CHUNKED = `${H}Transfer-Encoding: chunked\r\n`
/** Hidden in what comes before it, or asked openly behind it: both sides must agree which. */
const SECOND = `GET /api/second HTTP/1.1\r\n${H}Connection: close\r\n\r\n`

let web: Recorder
let tap: Awaited<ReturnType<typeof openTap>>
let proxy: TestProxy

beforeAll(async () => {
  web = await openRecorder()
  tap = await openTap(web.address)
  proxy = await startProxy([tap.address])
  await vi.waitFor(async () => expect((await fetch(proxy.url())).status).toBe(200), { timeout: 20_000 })
})
afterAll(async () => {
  await proxy?.stop()
  await tap?.close()
  await web?.close()
})
beforeEach(() => {
  web.seen.length = 0
  tap.lines.length = 0
})

/** Keeps the bytes that HAProxy sends to the web at `address`, without its own health checks. */
async function openTap(address: string) {
  const lines: string[] = []
  const sockets = new Set<Socket>()
  const [host = '', port = ''] = address.split(':')
  const server = createServer((near) => {
    const far = connect(Number(port), host)
    let said = ''
    near.on('data', (chunk) => (said += chunk.toString('latin1')))
    near.on('close', () => {
      if (!/^GET \/(readyz|healthz) /.test(said)) lines.push(...said.split(/(?<=\n)/))
    })
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}))
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = server.address()
  return {
    lines,
    address: `127.0.0.1:${typeof at === 'object' ? at?.port : ''}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a request that could be read in two ways', () => {
  it.each([
    ['two lengths', `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`],
    ['a length of nothing', `POST / HTTP/1.1\r\n${H}Content-Length:\r\n\r\n`],
    ['a signed length', `POST / HTTP/1.1\r\n${H}Content-Length: +3\r\n\r\nabc`],
    ['a space before the colon', `POST / HTTP/1.1\r\n${H}Content-Length : 3\r\n\r\nabc`],
    ['an unknown encoding', `POST / HTTP/1.1\r\n${H}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    [
      'two encodings',
      `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
    ],
    ['a header without a name', `GET / HTTP/1.1\r\n${H}: b\r\n\r\n`],
    ['a NUL', `GET / HTTP/1.1\r\n${H}X: a\0b\r\n\r\n`],
    ['a bare CR', `GET / HTTP/1.1\r\n${H}X: a\rb\r\n\r\n`],
    ['two hosts', `GET / HTTP/1.1\r\n${H}Host: b\r\n\r\n`],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['another host in the line', `GET http://b/ HTTP/1.1\r\n${H}\r\n`],
    ['a fragment', `GET /a#b HTTP/1.1\r\n${H}\r\n`],
    ['a letter of a path as a number', `POST /sign-%69n HTTP/1.1\r\n${H}Content-Length: 0\r\n\r\n`],
    ['a dash of a path as a number', `POST /sign%2Din HTTP/1.1\r\n${H}Content-Length: 0\r\n\r\n`],
    ['a backslash for a slash', `POST /hooks\\github\\a HTTP/1.1\r\n${H}Content-Length: 0\r\n\r\n`],
    ['headers without end', `GET / HTTP/1.1\r\n${H}X: ${'a'.repeat(40_000)}\r\n\r\n`],
  ])('is refused: %s', async (_what, text) => {
    expect([400, 414]).toContain(statusOf(await speakTo(proxy.port('8080'), text))) // 414: what is too long for HAProxy 3.2
    expect(web.seen).toEqual([])
  })
})

describe('a request that HAProxy reads and others would refuse', () => {
  /** As HAProxy's own log has it: the requests that it read and sent to the web. */
  const readByProxy = (said: string) =>
    [...said.matchAll(/ doors webs\/web1 .* (\d{3}) \d+ .*"(\w+ \S+) HTTP/g)].map(([, , request]) => request)

  it.each([
    ['a length beside chunks', `POST /one HTTP/1.1\r\nContent-Length: 4\r\n${CHUNKED}\r\n0\r\n\r\n${SECOND}`],
    ['a length said twice', `POST /one HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc${SECOND}`],
    ['bare LF everywhere', `GET /one HTTP/1.1\nHost: a\nX: y\n\n${SECOND}`],
    ['bare LF after the first line', `GET /one HTTP/1.1\n${H}\r\n${SECOND}`],
    [
      'bare LF after a header',
      `POST /one HTTP/1.1\r\n${H}X: y\nContent-Length: ${SECOND.length}\r\n\r\n${SECOND}${SECOND}`,
    ],
    ['bare LF after a length', `POST /one HTTP/1.1\r\n${H}Content-Length: 3\n\r\nabc${SECOND}`],
    ['bare LF at the end of the headers', `GET /one HTTP/1.1\r\n${H}X: y\n\n${SECOND}`],
    [
      'bare LF after an encoding',
      `POST /one HTTP/1.1\r\n${H}Transfer-Encoding: chunked\n\r\n3\r\nabc\r\n0\r\n\r\n${SECOND}`,
    ],
    ['a folded header', `GET /one HTTP/1.1\r\n${H}X: y\r\n Content-Length: 5\r\n\r\n${SECOND}`],
    ['a header folded by bare LF', `GET /one HTTP/1.1\r\n${H}X: y\n\tContent-Length: 5\r\n\r\n${SECOND}`],
    ['bare LF after the size of a chunk', `POST /one HTTP/1.1\r\n${CHUNKED}\r\n3\nabc\r\n0\r\n\r\n${SECOND}`],
    ['bare LF in a chunk’s extension', `POST /one HTTP/1.1\r\n${CHUNKED}\r\n3;x\nabc\r\n0\r\n\r\n${SECOND}`],
    ['an extension that looks like a chunk', `POST /one HTTP/1.1\r\n${CHUNKED}\r\n2;\nxx\r\n0\r\n\r\n${SECOND}`],
    ['bare LF after a chunk', `POST /one HTTP/1.1\r\n${CHUNKED}\r\n3\r\nabc\n0\r\n\r\n${SECOND}`],
    ['bare LF after the last chunk', `POST /one HTTP/1.1\r\n${CHUNKED}\r\n3\r\nabc\r\n0\n\r\n${SECOND}`],
    ['bare LF after the trailers', `POST /one HTTP/1.1\r\n${CHUNKED}\r\n0\r\nX: y\n\n${SECOND}`],
    ['a body of a question', `GET /one HTTP/1.1\r\n${H}Content-Length: ${SECOND.length}\r\n\r\n${SECOND}${SECOND}`],
    [
      'an upgrade to h2c',
      `GET /one HTTP/1.1\r\n${H}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n${SECOND}`,
    ],
    ['an upgrade to a socket', `GET /one HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n${SECOND}`],
  ])('is refused, or means the same to HAProxy and to the web: %s', async (_what, text) => {
    const from = proxy.output().length
    const said = await speakTo(proxy.port('8080'), text)
    const read = () => readByProxy(proxy.output().slice(from))
    expect([200, 400]).toContain(statusOf(said))
    if (statusOf(said) === 400) expect(web.seen).toEqual([])
    await vi.waitFor(() => expect(read()).toEqual(web.seen.map(({ method, path }) => `${method} ${path}`)))
    expect(tap.lines.filter((line) => line.endsWith('\n') && !line.endsWith('\r\n'))).toEqual([])
  })

  it('passes the limits of its door: what is behind bare LF is a request like any other', async () => {
    const said = await speakTo(proxy.port('8082'), `GET /hooks/a HTTP/1.1\nHost: a\n\n${SECOND}`)
    expect([...said.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '404'])
    expect(web.seen.map(({ path }) => path)).toEqual(['/hooks/a'])
  })
})
