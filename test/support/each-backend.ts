import { describe, inject, vi } from 'vitest'
import { openPostgresWakeUps } from '../../src/queue/postgres.ts'
import { openRedisWakeUps } from '../../src/queue/redis.ts'
import type { WakeUps } from '../../src/queue/wake-ups.ts'

export type Backend = WakeUps['backend']
/** Opens wake-ups of a namespace of its own, or of `namespace`: two that share one hear each other. The test closes what it opens. */
type Open = (options?: OpenOptions) => Promise<WakeUps>
type OpenOptions = { namespace?: string; report?: (error: unknown) => void; url?: string }

let opened = 0

/** Runs `tests` once on Redis and once on PostgreSQL. Every test file of queue/ and app/ that rings or hears goes through here. */
export function eachBackend(name: string, tests: (open: Open, backend: Backend) => void): void {
  for (const backend of ['redis', 'postgres'] as const) {
    describe(`${name} [${backend}]`, () => tests((options) => openWakeUps(backend, options), backend))
  }
}

async function openWakeUps(
  backend: Backend,
  { namespace = freshNamespace(), report = () => {}, url }: OpenOptions = {},
): Promise<WakeUps> {
  if (backend === 'postgres') return openPostgresWakeUps(url ?? inject('databaseUrl'), { namespace, report })
  const wakeUps = openRedisWakeUps(url ?? inject('redisUrl'), { namespace, report })
  // A ring before Redis has answered for the first time is lost, as it should be; a test would have to know of it.
  await vi.waitUntil(() => wakeUps.isReachable())
  return wakeUps
}

export const freshNamespace = () => `test-${process.pid}-${opened++}`
