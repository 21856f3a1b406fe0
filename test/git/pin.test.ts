import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openPin, type Pin } from '../../src/git/pin.ts'

/** A name that no resolver knows: whoever asked one would come nowhere. */
const HOST = 'forge.invalid'

describe('a pinned way', () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.host ?? '')
    response.writeHead(404).end()
  })
  let port: number
  let pin: Pin
  const open = async (addresses: readonly string[], changes = {}) => {
    pin = await openPin({ host: HOST, port, addresses, ...changes })
    return pin
  }

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterEach(async () => {
    asked.length = 0
    await pin.close()
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it('leads git to the address that was checked, and no resolver is asked', async () => {
    await open(['127.0.0.1'])
    await gitThrough(pin, `http://${HOST}:${port}/a.git`)
    expect(asked).toEqual([`${HOST}:${port}`])
    expect(pin.whyUnreachable()).toBeNull()
  })

  it('takes the next address when one does not answer', async () => {
    await open(['127.0.0.2', '127.0.0.1'])
    await gitThrough(pin, `http://${HOST}:${port}/a.git`)
    expect(asked).toHaveLength(1)
  })

  it('says of each address why it did not answer', async () => {
    await open(['127.0.0.2', '127.0.0.3'])
    await gitThrough(pin, `http://${HOST}:${port}/a.git`)
    expect(pin.whyUnreachable()).toBe(
      `127.0.0.2 refuses connections on port ${port}; 127.0.0.3 refuses connections on port ${port}`,
    )
  })

  it.each([
    ['another name', () => `http://other.invalid:${port}/a.git`],
    ['another port', () => `http://${HOST}:${port + 1}/a.git`],
    ['the address without the name', () => `http://127.0.0.1:${port}/a.git`],
  ])('leads nowhere by %s', async (_, url) => {
    await open(['127.0.0.1'])
    await gitThrough(pin, url())
    expect(asked).toEqual([])
  })

  it('leads to an address that is its own name', async () => {
    await open(['127.0.0.1'], { host: '127.0.0.1' })
    await gitThrough(pin, `http://127.0.0.1:${port}/a.git`)
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['another protocol', Buffer.from('CONNECT forge.invalid:443 HTTP/1.1\r\n\r\n')],
    ['a request that is cut short', Buffer.from([5, 1, 0, 5, 1, 0, 3, 200, 65])],
    ['a command that is not CONNECT', Buffer.from([5, 1, 0, 5, 2, 0, 1, 127, 0, 0, 1, 0, 80])],
    ['an unknown kind of address', Buffer.from([5, 1, 0, 5, 1, 0, 9, 0, 80])],
    ['nothing at all', Buffer.alloc(0)],
  ])('refuses %s, and goes on', async (_, bytes) => {
    await open(['127.0.0.1'])
    const socket = connect(Number(new URL(pin.proxy).port), '127.0.0.1')
    socket.end(bytes)
    await text(socket)
    await gitThrough(pin, `http://${HOST}:${port}/a.git`)
    expect(asked).toHaveLength(1)
  })

  it('ends what goes through it when it is closed', async () => {
    await open(['127.0.0.1'])
    const socket = connect(Number(new URL(pin.proxy).port), '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    await pin.close()
    await once(socket, 'close')
    await open(['127.0.0.1'])
  })
})

/** Its end does not matter: the server has no such repository. */
async function gitThrough({ proxy }: Pin, url: string): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', GIT_TERMINAL_PROMPT: '0' }
  await once(spawn('git', ['-c', `http.proxy=${proxy}`, 'ls-remote', url], { env, stdio: 'ignore' }), 'exit')
}
