import { spawn, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openEmbeddedPostgres } from '../../src/db/embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
    redisUrl: string
  }
}

/** Starts a PostgreSQL and a Redis of the test run's own, on free ports, in a folder that is removed afterwards. */
export default async function setUp({ provide }: TestProject) {
  spawnSync('scripts/build', { stdio: 'inherit' }) // for tests that start processes; type errors are the checks' business
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  await chmod(folder, 0o755) // as root PostgreSQL runs as a user of its own
  // Ours, and not the package's class: its exit hook ends a run whose tests failed with 0.
  const postgres = await openEmbeddedPostgres(join(folder, 'postgres'), ['fsync=off', 'max_connections=300'])
  const redisPort = await freePort()
  const redis = spawn('redis-server', ['--port', String(redisPort), '--save', '', '--dir', folder], { stdio: 'ignore' })
  provide('databaseUrl', postgres.url)
  provide('redisUrl', `redis://127.0.0.1:${redisPort}`)
  return async () => {
    redis.kill('SIGKILL')
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
