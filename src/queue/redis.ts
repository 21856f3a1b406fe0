import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { FORGET, HEARING, openOn } from './bullmq.ts'
import type { WakeUps } from './wake-ups.ts'

/** One question, asked once. */
export async function isRedisThere(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 3_000, retryStrategy: () => null })
  redis.on('error', () => {}) // told by the answer
  return redis
    .ping()
    .then(
      () => true,
      () => false,
    )
    .finally(() => redis.disconnect())
}

/** A Redis that is away, now or later, throws nothing: rings are lost until it is back, and hearing resumes by itself. */
export function openRedisWakeUps(
  url: string,
  { namespace, report }: { namespace: string; report: (error: unknown) => void },
): WakeUps {
  // Two tempers: who rings fails at once, who hears waits for as long as it takes (BullMQ insists on null).
  const tell = (error: Error) =>
    report(new Error(`Redis: ${error.message}; until it answers, tasks start up to 2 s late`, { cause: error }))
  const ringer = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1 }).on('error', tell)
  const ear = new Redis(url, { maxRetriesPerRequest: null }).on('error', tell)
  return openOn(
    {
      backend: 'redis',
      openQueue: (name) => new Queue(name, { connection: ringer, defaultJobOptions: FORGET }).on('error', report),
      openWorkers: (names, look) =>
        names.map((name) =>
          new Worker(name, look, { connection: ear, ...HEARING })
            .on('error', report)
            .on('failed', (_job, error) => report(error)),
        ),
      isAway: () => ringer.status !== 'ready',
      ping: () => ringer.ping(),
      close: async () => {
        ringer.disconnect()
        ear.disconnect()
      },
    },
    namespace,
    report,
  )
}
