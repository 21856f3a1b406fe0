import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { listen, stopListening } from '../../src/http/listen.ts'
import { freePort } from '../support/stores.ts'

const ok = () => new Response('ok')

describe('the server’s port', () => {
  it('answers, and is free again after the end', async () => {
    const address = { host: '127.0.0.1', port: await freePort() }
    for (let round = 0; round < 2; round += 1) {
      const server = await listen(ok, address)
      expect(server.requestTimeout).toBe(0)
      expect(await (await fetch(`http://127.0.0.1:${address.port}`)).text()).toBe('ok')
      await stopListening(server, 100)
    }
  })

  it('refused because another has it names the other', async () => {
    const port = await freePort()
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`,
    ])
    await once(child.stdout, 'data')
    const refused = listen(ok, { host: '127.0.0.1', port })
    await expect(refused).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringMatching(
        process.platform === 'linux'
          ? new RegExp(`^Port ${port} on 127.0.0.1 is taken by (node|MainThread) \\(pid ${child.pid}\\)\\.$`)
          : /is taken by/,
      ),
      hint: 'Stop it, or choose another port with --port, or with SLUICE_LISTEN.',
    })
    child.kill('SIGKILL')
  })

  it('refuses a host that is not here', async () => {
    await expect(listen(ok, { host: '192.0.2.1', port: 1234 })).rejects.toMatchObject({
      message: '192.0.2.1 is no address of this host.',
    })
  })

  it('lets go of answers that never end', async () => {
    const endless = () =>
      new Response(new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('x')) }))
    const address = { host: '127.0.0.1', port: await freePort() }
    const server = await listen(endless, address)
    const answer = await fetch(`http://127.0.0.1:${address.port}`)
    await stopListening(server, 50)
    await expect(answer.text()).rejects.toThrow()
  })

  it('cuts what never ends at once, and lets what began end', async () => {
    let finish = () => {}
    const slow = () => {
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(Buffer.from('begun '))
          finish = () => {
            controller.enqueue(Buffer.from('and ended'))
            controller.close()
          }
        },
      })
      return new Response(body)
    }
    const address = { host: '127.0.0.1', port: await freePort() }
    const server = await listen(slow, address)
    const stream = await fetch(`http://127.0.0.1:${address.port}/events/overview`)
    const push = await fetch(`http://127.0.0.1:${address.port}/git/a.git/git-receive-pack`)
    const stopped = stopListening(server, 20_000)
    await expect(stream.text()).rejects.toThrow()
    finish()
    expect(await push.text()).toBe('begun and ended')
    await stopped
  })
})
