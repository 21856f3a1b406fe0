import { once } from 'node:events'
import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen, stopListening } from '../../src/http/listen.ts'
import { readBytes } from '../../src/http/read-body.ts'
import { Refusal } from '../../src/refusal.ts'
import { freePort } from '../support/stores.ts'

/** A tenth of a second, and one more for every 100 bytes. */
const PACE = { ms: 100, bytesPerSecond: 1000 }
const MOST = 1000

describe('a body', () => {
  let port: number
  let server: Awaited<ReturnType<typeof listen>>
  beforeAll(async () => {
    port = await freePort()
    const app = new Hono()
      .post('/', async (c) => c.text(String((await readBytes(c.req.raw, MOST, PACE))?.length ?? 'too large')))
      .onError((error, c) => c.text(error.message, error instanceof Refusal ? 400 : 500))
    server = await listen(app.fetch, { host: '127.0.0.1', port })
  })
  afterAll(() => stopListening(server, 100))

  /** What comes back, until the server closes the connection or has answered. */
  async function send(length: number, pieces: readonly string[], everyMs: number): Promise<string> {
    const socket = connect(port, '127.0.0.1')
    let heard = ''
    const closed = once(
      socket.on('data', (data) => (heard += data)).on('error', () => {}),
      'close',
    )
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`)
    const left = [...pieces]
    const timer = setInterval(() => socket.write(left.shift() ?? ''), everyMs)
    await closed
    clearInterval(timer)
    return heard.replace(/^HTTP\/1.1 (\d+).*\r\n\r\n/s, '$1 ')
  }

  it('may come slowly, but not drop by drop', async () => {
    const steady = Array<string>(10).fill('x'.repeat(50))
    expect(await send(500, steady, 20)).toMatch(/^200 .*500/s)
    expect(await send(500, Array<string>(500).fill('x'), 20)).toMatch(/^400 .*The body comes too slowly/s)
    expect(await send(500, [], 20)).toMatch(/^400 .*The body comes too slowly/s)
  }, 30_000)

  it('may not stop, however much of it came at once', async () => {
    const startedAt = performance.now()
    expect(await send(1000, ['x'.repeat(900)], 5)).toMatch(/^400 .*The body comes too slowly/s)
    expect(performance.now() - startedAt).toBeLessThan(800)
  })

  it('that is too large is left, and its connection closed', async () => {
    expect(await send(5000, Array<string>(10).fill('x'.repeat(500)), 5)).toMatch(/^200 .*too large/s)
  })
})
