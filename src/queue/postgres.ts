import { createPostgresBackend, type PgPool, Queue, runMigrations, Worker } from 'bullmq'
import pg from 'pg'
import { FORGET, HEARING, openOn } from './bullmq.ts'
import type { WakeUps } from './wake-ups.ts'

const SCHEMA = 'bullmq'
/** For what is short: rings, and a worker's moves. */
const SHARED_CONNECTIONS = 5

/** Brings BullMQ's own tables up to date first (schema `bullmq`), so the database must be there. */
export async function openPostgresWakeUps(
  url: string,
  { namespace, report }: { namespace: string; report: (error: unknown) => void },
): Promise<WakeUps> {
  const pools: pg.Pool[] = []
  const openPool = (max: number) => {
    const options = `-c search_path=${SCHEMA}`
    const pool = new pg.Pool({ connectionString: url, max, options, keepAlive: true, application_name: 'sluice-queue' })
    pools.push(pool.on('error', report).setMaxListeners(0)) // each of BullMQ's objects listens on the pool it shares
    return pool
  }
  const ringers = openPool(SHARED_CONNECTIONS)
  await migrate(ringers)
  return openOn(
    {
      backend: 'postgres',
      openQueue: (name) =>
        new Queue(name, { connection: forBullmq(ringers), defaultJobOptions: FORGET }, createPostgresBackend).on(
          'error',
          report,
        ),
      openWorkers: (names, look) => {
        // Every worker keeps one connection for good: in a pool of their own number they would wait for each other for ever.
        const connection = forBullmq(openPool(names.length + SHARED_CONNECTIONS))
        return names.map((name) => {
          const worker = new Worker(name, look, { connection, ...HEARING }, createPostgresBackend)
          return worker.on('error', report).on('failed', (_job, error) => report(error))
        })
      },
      isAway: () => false,
      ping: () => ringers.query('select 1'),
      close: () => Promise.all(pools.map((pool) => pool.end())),
    },
    namespace,
    report,
  )
}

/** Its own type of a pool differs from pg's in overloads only; its documentation says to pass one. */
const forBullmq = (pool: pg.Pool) => pool as PgPool

async function migrate(pool: pg.Pool) {
  const client = await pool.connect()
  try {
    await runMigrations(client, SCHEMA)
  } finally {
    client.release()
  }
}
