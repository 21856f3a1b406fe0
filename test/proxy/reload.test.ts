import { once } from 'node:events'
import { request as ask, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { speakTo, startProxy, type TestProxy } from '../support/haproxy.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

const PATIENCE = { timeout: 20_000, interval: 10 }

let webs: readonly [Recorder, Recorder]
let proxy: TestProxy

beforeAll(async () => {
  webs = [await openRecorder(), await openRecorder()]
  proxy = await startProxy(webs.map(({ address }) => address))
  await vi.waitFor(async () => expect((await fetch(proxy.url())).status).toBe(200), PATIENCE)
})
afterAll(async () => {
  await proxy?.stop()
  for (const web of webs ?? []) await web.close()
})
beforeEach(() => {
  for (const web of webs) web.seen.length = 0
})

/** Asks and posts without a pause, on connections that are kept and on new ones; each request has a path of its own. */
function keepAsking() {
  const asked: string[] = []
  const odd: string[] = []
  let isWanted = true
  const loop = async (isKept: boolean) => {
    for (let method = 'GET'; isWanted; method = method === 'GET' ? 'POST' : 'GET') {
      const path = `/${asked.length}`
      asked.push(`${method} ${path}`)
      const body = method === 'POST' ? 'x=y' : null
      await fetch(`${proxy.url()}${path}`, { method, body, headers: isKept ? {} : { connection: 'close' } }).then(
        async (answer) => {
          if ((await answer.text()) !== 'ok' || answer.status !== 200) odd.push(`${method} ${path}: ${answer.status}`)
        },
        (error) => odd.push(`${method} ${path}: ${error.cause ?? error}`),
      )
    }
  }
  const ended = Promise.all([loop(true), loop(true), loop(true), loop(false)])
  return {
    count: () => asked.length,
    stop: async () => {
      isWanted = false
      await ended
      return { asked, odd }
    },
  }
}

describe('a reload of HAProxy', () => {
  it('loses no request and doubles none, four times under load', async () => {
    const asking = keepAsking()
    for (let reloads = 0; reloads < 4; reloads += 1) {
      const before = asking.count()
      await proxy.reload()
      await vi.waitFor(() => expect(asking.count()).toBeGreaterThan(before + 50), PATIENCE)
    }
    const { asked, odd } = await asking.stop()
    expect(odd).toEqual([])
    const seen = webs.flatMap((web) => web.seen).map(({ method, path }) => `${method} ${path}`)
    expect(seen.toSorted()).toEqual(asked.toSorted())
  }, 60_000)

  it('reads the configuration again, also where the webs were named one by one', async () => {
    await proxy.reload((text) => text.replace('This is no HTTP request', 'What is this'))
    expect(
      await speakTo(proxy.port('8080'), 'GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
    ).toMatch(/\r\n\r\nWhat is this\.\n/)
  }, 60_000)

  it('leaves a connection open on which a client may be about to ask', async () => {
    const socket = connect(proxy.port('8080'), '127.0.0.1')
    let said = ''
    socket.on('data', (chunk) => (said += chunk))
    socket.write('GET /first HTTP/1.1\r\nHost: a\r\n\r\n')
    await vi.waitFor(() => expect(said).toContain('ok'), PATIENCE)
    await proxy.reload()
    expect(socket.readableEnded).toBe(false)
    said = ''
    socket.write('POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
    await once(socket, 'end')
    expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n(.*\r\n)*connection: close\r\n(.*\r\n)*\r\nok$/i)
    socket.destroy()
  }, 60_000)

  it('leaves pages and pushes to the process that has them, and each piece goes through when it is said', async () => {
    let page: ServerResponse | undefined
    for (const web of webs)
      web.state.answer = (request, response) => {
        if (request.url !== '/events/overview') return void response.end('ok')
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 0\n\n')
        page = response
      }
    const stream = (await fetch(`${proxy.url()}/events/overview`)).body?.getReader()
    const hear = async () => Buffer.from((await stream?.read())?.value ?? '').toString()
    const push = ask(`${proxy.url()}/git/shop.git/git-receive-pack`, { method: 'POST' })
    push.write('x'.repeat(100_000))
    expect(await hear()).toBe('data: 0\n\n')
    for (const word of ['1', '2']) {
      await proxy.reload()
      push.write('x'.repeat(100_000))
      page?.write(`data: ${word}\n\n`)
      expect(await hear()).toBe(`data: ${word}\n\n`) // nothing else was said that could have pushed it through
    }
    push.end()
    const [answer] = await once(push, 'response')
    expect(answer.statusCode).toBe(200)
    const seen = webs.flatMap((web) => web.seen).find(({ method }) => method === 'POST')
    expect(seen).toMatchObject({ path: '/git/shop.git/git-receive-pack', bytes: 300_000 })
    await stream?.cancel()
    for (const web of webs) web.state.answer = (_request, response) => void response.end('ok')
  }, 60_000)
})
