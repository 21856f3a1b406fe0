import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, inject, it, vi } from 'vitest'
import type { Ring } from '../../src/queue/wake-ups.ts'
import { eachBackend, freshNamespace } from '../support/each-backend.ts'
import { openProxy } from '../support/proxy.ts'

const ring = (id: string, more: Partial<Ring> = {}): Ring => ({
  kind: 'task',
  id,
  epoch: '0',
  queue: 'default',
  ...more,
})
const closers: (() => unknown)[] = []
const later = <T extends { close(): unknown }>(opened: T) => {
  closers.unshift(() => opened.close())
  return opened
}
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

eachBackend('wake-ups', (open, backend) => {
  const url = () => (backend === 'redis' ? inject('redisUrl') : inject('databaseUrl'))

  it('are heard once each, by one of those who hear', async () => {
    const namespace = freshNamespace()
    const [one, two] = [later(await open({ namespace })), later(await open({ namespace }))]
    const look = vi.fn(async () => {})
    one.hear(['default'], look)
    two.hear(['default'], look)
    await one.ring(Array.from({ length: 40 }, (_, n) => ring(String(n))))
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(40), 5_000)
    await vi.waitFor(async () => expect(await one.depths(['default'])).toEqual({ default: 0 }))
    expect(look).toHaveBeenCalledTimes(40)
  })

  it('reach the queue they are for and no other', async () => {
    const wakeUps = later(await open())
    const look = vi.fn(async () => {})
    wakeUps.hear(['gpu:big'], look)
    await wakeUps.ring([ring('1'), ring('2', { queue: 'gpu:big' })])
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(1))
    await vi.waitFor(async () =>
      expect(await wakeUps.depths(['default', 'gpu:big'])).toEqual({ default: 1, 'gpu:big': 0 }),
    )
  })

  it('that come while a look runs are heard after it; the same ring is swallowed until the look ends, and heard again then', async () => {
    const wakeUps = later(await open())
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const look = vi.fn(() => gate)
    wakeUps.hear(['default'], look)
    await wakeUps.ring([ring('1')])
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(1))
    await wakeUps.ring([ring('1'), ring('2')])
    release()
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(2))
    await vi.waitFor(async () => {
      await wakeUps.ring([ring('1')])
      expect(look.mock.calls.length).toBeGreaterThan(2)
    })
  })

  it('are heard again after a look that failed', async () => {
    const report = vi.fn()
    const wakeUps = later(await open({ report }))
    const look = vi.fn(async () => {})
    look.mockRejectedValueOnce(new Error('the database is away'))
    wakeUps.hear(['default'], look)
    await wakeUps.ring([ring('1')])
    await vi.waitFor(() =>
      expect(report).toHaveBeenCalledWith(expect.objectContaining({ message: 'the database is away' })),
    )
    await wakeUps.ring([ring('1')])
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(2))
  })

  it('are heard again when every slot was full the first time', async () => {
    const wakeUps = later(await open())
    let free = 0
    const looks: ('claimed' | 'full')[] = []
    wakeUps.hear(['default'], async () => void looks.push(free > 0 ? 'claimed' : 'full'))
    await wakeUps.ring([ring('1')])
    await vi.waitFor(() => expect(looks).toEqual(['full']))
    free = 1
    await vi.waitFor(async () => {
      await wakeUps.ring([ring('1')])
      expect(looks).toContain('claimed')
    })
  })

  it('are heard again by another process when the one that looked was killed', async () => {
    const namespace = freshNamespace()
    const wakeUps = later(await open({ namespace }))
    const child = spawn(process.execPath, ['test/support/hear.mjs', backend, url(), namespace, 'default'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await wakeUps.ring([ring('1')])
    expect(String(await once(child.stdout, 'data'))).toContain('looking')
    child.kill('SIGKILL')
    const look = vi.fn(async () => {})
    wakeUps.hear(['default'], look)
    await wakeUps.ring([ring('2')])
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(1), 2_000) // others are not held up
    const again = async () => {
      await wakeUps.ring([ring('1')])
      expect(look.mock.calls.length).toBeGreaterThan(1)
    }
    await vi.waitFor(again, { timeout: 12_000, interval: 250 })
  })

  it('never hold up or fail who rings a store that answers nothing, and are heard once it is back', async () => {
    const proxy = later(await openProxy(new URL(url())))
    const wakeUps = later(await open({ url: proxy.url }))
    const look = vi.fn(async () => {})
    wakeUps.hear(['default'], look)
    await wakeUps.ring([ring('1')])
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(1))

    proxy.freeze()
    const startedAt = performance.now()
    await wakeUps.ring([ring('2')])
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect(await wakeUps.isReachable()).toBe(false)

    await proxy.cut()
    await wakeUps.ring([ring('3')])
    expect(await wakeUps.isReachable()).toBe(false)
    expect(await wakeUps.depths(['default'])).toEqual({})

    await proxy.mend()
    const again = async () => {
      await wakeUps.ring([ring('4')])
      expect(look.mock.calls.length).toBeGreaterThan(1)
    }
    await vi.waitFor(again, { timeout: 10_000, interval: 100 })
    expect(await wakeUps.isReachable()).toBe(true)
  })

  it('close at once while they are heard', async () => {
    const wakeUps = await open()
    wakeUps.hear(['default', 'gpu', 'big'], async () => {})
    await wakeUps.ring([ring('1')])
    const startedAt = performance.now()
    await wakeUps.close()
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })
})
