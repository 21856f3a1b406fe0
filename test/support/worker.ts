import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'

export type TestWorker = {
  /** What it has said. */
  output(): string
  stop(): Promise<void>
}

/** `sluice worker` as on another host: a home of its own, and of this one nothing but `env`. */
export async function startWorker(env: Readonly<Record<string, string>>, ...words: string[]): Promise<TestWorker> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-far-'))
  await chmod(home, 0o711) // as root tasks run as a user of their own
  const own = { PATH: process.env.PATH ?? '', HOME: home, SLUICE_HOME: home, SLUICE_LOG: 'text' }
  const child = spawn(process.execPath, ['dist/cli.js', 'worker', ...words], {
    env: { ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const hear = (part: Buffer) => {
    said += part
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const worker = {
    output: () => said,
    stop: async () => {
      await end(child)
      await rm(home, { recursive: true, force: true })
    },
  }
  await vi.waitFor(
    () => {
      if (!said.includes('A worker of')) throw new Error(`The worker is not ready:\n${said}`)
    },
    { timeout: 60_000, interval: 50 },
  )
  return worker
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
