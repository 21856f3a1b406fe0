import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { freePort } from './stores.ts'

export const START = fileURLToPath(new URL('../../haproxy/start', import.meta.url))
const DOORS = ['8080', '8081', '8082', '8083', '8443', '8404', '9090', '65432'] as const
type Door = (typeof DOORS)[number]
const PATIENCE = { timeout: 30_000, interval: 20 }

type Change = (configuration: string) => string
const NONE: Change = (configuration) => configuration

export type TestProxy = {
  /** Where the door of this number is. */
  port(door: Door): number
  url(door?: Door): string
  output(): string
  /** Until the new process serves, with a configuration that was changed meanwhile. */
  reload(change?: Change): Promise<void>
  stop(): Promise<void>
}

/** A real HAProxy over the shipped configuration, on loopback and on ports of its own, before `webs` (`host:port`). */
export async function startProxy(
  webs: readonly string[],
  env: Readonly<Record<string, string>> = {},
  change = NONE,
): Promise<TestProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-proxy-'))
  await cp(dirname(START), folder, { recursive: true })
  const file = join(folder, 'haproxy.cfg')
  const rewrite = async (by: Change) => writeFile(file, by(await readFile(file, 'utf8')))
  await rewrite(change)
  const ports = new Map<Door, number>()
  for (const door of DOORS) ports.set(door, await freePort())
  const child = spawn(join(folder, 'start'), {
    env: {
      PATH: `${process.env.PATH}:/usr/sbin`,
      TMPDIR: folder,
      SLUICE_PROXY_LISTEN: '127.0.0.1',
      SLUICE_PROXY_WEBS: webs.join(','),
      ...Object.fromEntries([...ports].map(([door, port]) => [`SLUICE_PROXY_${door}`, String(port)])),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  const loads = () => said.split('Loading success').length - 1
  const loaded = (count: number) =>
    vi.waitFor(async () => {
      if (child.exitCode !== null || loads() < count || !(await hearsReload(child)))
        throw new Error(`HAProxy has not loaded:\n${said}`)
    }, PATIENCE)
  await loaded(1)
  const port = (door: Door) => ports.get(door) ?? 0
  return {
    port,
    url: (door = '8080') => `http://127.0.0.1:${port(door)}`,
    output: () => said,
    reload: async (by = NONE) => {
      await rewrite(by)
      const before = loads()
      child.kill('SIGUSR2')
      await loaded(before + 1)
    },
    stop: async () => {
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** For a moment after it has loaded HAProxy 2.6 ignores USR2, as /proc shows: a reload that is asked for then never comes. */
async function hearsReload({ pid }: ChildProcess): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null)
  if (status === null) return true // not Linux
  const [, caught = '0'] = /^SigCgt:\s*(\w+)$/m.exec(status) ?? []
  return ((BigInt(`0x${caught}`) >> BigInt(constants.signals.SIGUSR2 - 1)) & 1n) === 1n
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

/** All that comes back over a connection of its own, until that ends or `isOver`. */
export async function speakTo(port: number, text: string, isOver = (_said: string) => false): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk
    if (isOver(said)) socket.destroy()
  })
  socket.on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return said
}

export const statusOf = (said: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1])

/** Of sluice.example, signed by itself: key and certificate in one file, as HAProxy reads them. */
export function makeCertificate(): string {
  const words = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sluice.example'
  const made = spawnSync('openssl', ['req', ...words.split(' '), '-keyout', '-', '-out', '-'], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr)
  return made.stdout
}
