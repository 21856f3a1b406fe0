import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { freePort } from './stores.ts'

export type TestRegistry = {
  /** `127.0.0.1:PORT`: engines speak plain http with loopback. */
  readonly address: string
  start(): Promise<void>
  /** It forgets nothing. */
  stop(): Promise<void>
  remove(): Promise<void>
}

/** The user `ana` with the password `river:flow`, as htpasswd writes her. */
export const CREDENTIALS = { user: 'ana', password: 'river:flow' }
export const HTPASSWD = '$2b$05$abcdefghijklmnopqrstuupVZXg6PVz56b.mNjtvHX3SP2mhHcu6O'

/** Debian's docker-registry with a store of its own. */
export async function startRegistry({ needsPassword = false } = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-registry-'))
  const address = `127.0.0.1:${await freePort()}`
  const users = join(folder, 'users')
  await writeFile(users, `${CREDENTIALS.user}:${HTPASSWD}\n`)
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'images') }, delete: { enabled: true } },
    http: { addr: address },
    ...(needsPassword && { auth: { htpasswd: { realm: 'test', path: users } } }),
  }
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config))
  let child: ChildProcess | undefined
  const registry: TestRegistry = {
    address,
    start: async () => {
      child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
      await vi.waitUntil(() => answers(address), { timeout: 30_000 })
    },
    stop: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
    remove: async () => {
      await registry.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await registry.start()
  return registry
}

const answers = (address: string) =>
  fetch(`http://${address}/v2/`).then(
    () => true,
    () => false,
  )
