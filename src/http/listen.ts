import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Server, ServerResponse } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Refusal } from '../refusal.ts'
import { doorOf } from './doors.ts'

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch']
type Address = { readonly host: string; readonly port: number }

/** Longer than haproxy.cfg keeps a silent client: who closes first must not be us, or a post may meet a closed door. */
const KEEP_ALIVE_MS = 20_000

/** Serves `fetch` at `address` until it is closed. A port that is taken is refused with the name of who has it. */
export async function listen(fetch: Fetch, address: Address): Promise<Server> {
  const server = createAdaptorServer({ fetch }) as Server // http, as no other is asked for
  server.requestTimeout = 0 // a push takes as long as it takes; the default cuts it after 5 minutes. What we read ourselves has a pace: `readBytes`
  server.keepAliveTimeout = KEEP_ALIVE_MS
  followAnswers(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(address.port, address.host, resolve)
  }).catch(async (error: NodeJS.ErrnoException) => {
    throw await explain(error, address)
  })
  return server
}

/** Lets requests end that are being answered, for at most `graceMs`. */
export async function stopListening(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  for (const stream of streamsOf.get(server) ?? []) stream.destroy()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
}

/** Answers that have no end. Browsers whose stream is cut come again by themselves, to whoever answers then. */
const streamsOf = new WeakMap<Server, Set<ServerResponse>>()

function followAnswers(server: Server) {
  const streams = new Set<ServerResponse>()
  streamsOf.set(server, streams)
  server.on('request', (request, response) => {
    if (doorOf(request.url ?? '') === 'events') streams.add(response)
    response.once('close', () => {
      streams.delete(response)
      // Otherwise its connection would be kept for a next request, which a closing server does not take.
      if (!server.listening) setImmediate(() => server.closeIdleConnections())
    })
  })
}

async function explain(error: NodeJS.ErrnoException, { host, port }: Address): Promise<Error> {
  const next = 'choose another port with --port, or with SLUICE_LISTEN.'
  if (error.code === 'EADDRINUSE') {
    const holder = await findHolder(port)
    return new Refusal(
      'unavailable',
      `Port ${port} on ${host} is taken by ${holder ?? 'another program'}.`,
      `Stop it, or ${next}`,
    )
  }
  if (error.code === 'EACCES') {
    return new Refusal('unavailable', `Port ${port} is reserved for root.`, `As an ordinary user ${next}`)
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new Refusal('unavailable', `${host} is no address of this host.`, 'Correct SLUICE_LISTEN.')
  }
  return error
}

/** `name (pid n)` of whoever listens on the port, where the system lets us see it: on Linux, as that user or as root. */
async function findHolder(port: number): Promise<string | null> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = tables
    .join('\n')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const inode = lines.find((words) => words[1]?.endsWith(`:${hex}`) && words[3] === '0A')?.[9] // 0A: listening
  const pid = inode && (await findOwnerOf(`socket:[${inode}]`))
  if (!pid) return null
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  return `${name.trim() || 'a process'} (pid ${pid})`
}

async function findOwnerOf(socket: string): Promise<string | null> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
    const links = await Promise.all(files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
    if (links.includes(socket)) return pid
  }
  return null
}
