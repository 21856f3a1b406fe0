import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { freePort } from './stores.ts'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** A compiled `sluice web` beside a server, with the server's home and database. */
export async function startWeb(home: string, env: Readonly<Record<string, string>>) {
  const address = env.SLUICE_LISTEN ?? `127.0.0.1:${await freePort()}`
  const child = spawn(process.execPath, [CLI, 'web'], {
    env: { PATH: process.env.PATH, HOME: home, SLUICE_HOME: home, SLUICE_LISTEN: address, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`The web ended with ${child.exitCode}:\n${said}`)
      if (!(await fetch(`http://${address}/readyz`)).ok) throw new Error(`The web is not ready:\n${said}`)
    },
    { timeout: 90_000, interval: 100 },
  )
  return {
    address,
    url: `http://${address}`,
    output: () => said,
    /** Whether it has a push or a fetch now. */
    hasGit: async () => {
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => '')
      const names = children.split(' ').map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''))
      return (await Promise.all(names)).includes('git\n')
    },
    /** Resolves when it has ended. */
    stop: async (signal: NodeJS.Signals = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
  }
}

export type TestWeb = Awaited<ReturnType<typeof startWeb>>
