import { connect, createServer, type Socket } from 'node:net'
import { freePort } from './stores.ts'

/** Stands between a client and a store, to take the store away: `freeze` answers nothing any more, `cut` refuses, `mend` ends both. */
export async function openProxy(
  to: URL,
): Promise<{ url: string; freeze(): void; cut(): Promise<void>; mend(): Promise<void>; close(): Promise<void> }> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname)
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, into] of [pair, [far, near] as const]) {
      from.pipe(into)
      from.on('error', () => into.destroy())
      from.on('close', () => into.destroy())
      from.on('close', () => pairs.delete(pair))
    }
  })
  const port = await freePort()
  const listen = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const pair of pairs) for (const socket of pair) socket.destroy()
    })
  await listen()
  return {
    url: Object.assign(new URL(to), { port: String(port) }).href,
    freeze: () => {
      for (const [near, far] of pairs) for (const socket of [near.unpipe(), far.unpipe()]) socket.pause()
    },
    cut,
    mend: async () => {
      if (server.listening) await cut()
      await listen()
    },
    close: async () => {
      if (server.listening) await cut()
    },
  }
}
