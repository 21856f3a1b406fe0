import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A way to one port of one host by the addresses that were checked and no others, whatever its name means by then. */
export type Pin = {
  /** For git: it hands the name over and asks no resolver. Any git and curl can do that; `http.curloptResolve` is younger than the git of many servers. */
  readonly proxy: string
  /** Why no address answered, in words; null: one did, or none was asked. */
  whyUnreachable(): string | null
  close(): Promise<void>
}

type Target = { readonly host: string; readonly port: number; readonly addresses: readonly string[] }

/** A SOCKS 5 proxy (RFC 1928) on loopback. It asks for no password: who else is on this host reaches through it only what this host reaches anyway. */
export async function openPin(target: Target): Promise<Pin> {
  let unreachable: string | null = null
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    return socket.on('error', () => {}) // its other end is closed with it
  }
  const server = createServer(async (near) => {
    keep(near)
    const isMeant = await readRequest(near, target).catch(() => false)
    if (!isMeant) return void near.end(reply(FORBIDDEN))
    const far = await reach(target)
    if (Array.isArray(far)) {
      unreachable = far.join('; ')
      return void near.end(reply(UNREACHABLE))
    }
    unreachable = null
    near.write(reply(GRANTED))
    join(near, keep(far))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo // of a TCP server that listens
  return {
    proxy: `socks5h://127.0.0.1:${port}`,
    whyUnreachable: () => unreachable,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const VERSION = 5
const NO_SIGN_IN = 0
const CONNECT = 1
const [IPV4, NAME] = [1, 3]
const [GRANTED, FORBIDDEN, UNREACHABLE] = [0, 2, 4]
const reply = (code: number) => Buffer.from([VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0])

/** True when a connection to just this target is asked for. */
async function readRequest(near: Socket, { host, port }: Target): Promise<boolean> {
  const [version, methods = 0] = await take(near, 2)
  if (version !== VERSION) return false
  await take(near, methods)
  near.write(Buffer.from([VERSION, NO_SIGN_IN]))
  const [, command, , kind] = await take(near, 4)
  const asked = kind === IPV4 ? (await take(near, 4)).join('.') : kind === NAME ? await takeName(near) : ''
  const askedPort = (await take(near, 2)).readUInt16BE()
  return command === CONNECT && asked.toLowerCase() === host && askedPort === port
}

async function takeName(near: Socket): Promise<string> {
  const [length = 0] = await take(near, 1)
  return (await take(near, length)).toString('latin1')
}

/** Takes what is there as it comes: a stream that keeps a part which was not taken says at once that it is readable, for ever. */
async function take(near: Socket, count: number): Promise<Buffer> {
  let taken: Buffer = Buffer.alloc(0)
  while (taken.length < count) {
    const bytes: Buffer | null = near.read(Math.min(count - taken.length, near.readableLength))
    if (bytes !== null) taken = Buffer.concat([taken, bytes])
    else if (near.destroyed) throw new Error('the request is cut short')
    else await Promise.race([once(near, 'readable'), once(near, 'close')])
  }
  return taken
}

/** Of one address; the whole fetch has a limit of its own. */
const CONNECT_MS = 10_000

/** The first address that answers, or why each did not. */
async function reach({ addresses, port }: Target): Promise<Socket | string[]> {
  const reasons: string[] = []
  for (const address of addresses) {
    const socket = connect({ host: address, port })
    const reason = await Promise.race([
      once(socket, 'connect').then(
        () => null,
        (error: NodeJS.ErrnoException) => explain(error, address, port),
      ),
      sleep(CONNECT_MS, `${address} did not answer within ${CONNECT_MS / 1000} s`, { ref: false }),
    ])
    if (reason === null) return socket
    socket.on('error', () => {}).destroy()
    reasons.push(reason)
  }
  return reasons
}

const explain = ({ code, message }: NodeJS.ErrnoException, address: string, port: number) =>
  code === 'ECONNREFUSED' ? `${address} refuses connections on port ${port}` : message

function join(near: Socket, far: Socket) {
  near.pipe(far).pipe(near)
  near.once('close', () => far.destroy())
  far.once('close', () => near.destroy())
}
