import { join } from 'node:path'
import type { Config } from './config.ts'
import { awaitDatabase, checkDatabase } from './db/check-database.ts'
import { openClock } from './db/clock.ts'
import { openEmbeddedPostgres } from './db/embedded.ts'
import { type Hints, openHints } from './db/hints.ts'
import { findOrNameInstallation, type Installation } from './db/installation.ts'
import { migrate } from './db/migrate.ts'
import { type Database, openDatabase } from './db/sql.ts'
import { type Home, readOrMakeKey } from './home.ts'
import type { Lifetime } from './lifetime.ts'
import type { WakeUps } from './queue/wake-ups.ts'
import { Refusal } from './refusal.ts'
import type { Reports } from './reports.ts'

/** What a web and a worker of one process share. */
export type Stores = {
  readonly sql: Database
  readonly hints: Hints
  readonly wakeUps: WakeUps
  readonly installation: Installation
  /** By the database's clock. */
  readonly now: () => Date
  /** Seals secrets in the database. */
  readonly key: Buffer
}

type Needs = {
  readonly config: Config
  readonly home: Home
  readonly reports: Reports
  /** Waits for a PostgreSQL that is away until this is aborted; without it that is refused. */
  readonly stopping?: AbortSignal
}

const CONNECTIONS = 20

export async function openStores(lifetime: Lifetime, needs: Needs): Promise<Stores> {
  const { config, home, reports, stopping } = needs
  const loading = loadBackend(config)
  const url = config.databaseUrl ?? (await startPostgres(lifetime, needs))
  const sql = openDatabase(url, { max: CONNECTIONS })
  lifetime.onEnd(() => sql.end({ timeout: 2 })) // postgres.js waits for good for a connection that was cut in mid-statement
  if (stopping !== undefined) await awaitDatabase(sql, url, { say: reports.say, stopping })
  await checkDatabase(sql, url)
  await migrate(sql)
  const clock = lifetime.own(await openClock(sql, reports))
  const installation = await findOrNameInstallation(sql)
  const [hints, wakeUps, key] = await Promise.all([
    openHints(sql),
    (await loading)(url, { namespace: `sluice-${installation.name}`, report: reports.report }),
    config.secretKey ?? readOrMakeKey(home),
  ])
  return { sql, hints: lifetime.own(hints), wakeUps: lifetime.own(wakeUps), installation, now: clock.now, key }
}

/** An embedded PostgreSQL belongs to the server that started it. */
export function requireDatabase({ databaseUrl }: Config, who: string): void {
  if (databaseUrl !== null) return
  throw new Refusal(
    'invalid',
    `${who} alone needs the database of its installation, and DATABASE_URL is not set.`,
    'Set DATABASE_URL (and REDIS_URL) to what the others have. sluice server is web, worker and database in one.',
  )
}

async function startPostgres(lifetime: Lifetime, { home, reports }: Needs): Promise<string> {
  const postgres = await openEmbeddedPostgres(join(home.shared, 'postgres'))
  lifetime.onEnd(() => postgres.stop())
  reports.say(postgres.wasAdopted ? 'Found the embedded PostgreSQL still running' : 'Started the embedded PostgreSQL')
  return postgres.url
}

/** BullMQ takes as long to load as PostgreSQL to start, so they do it at the same time. */
async function loadBackend({ redisUrl }: Config) {
  if (redisUrl === null) return (await import('./queue/postgres.ts')).openPostgresWakeUps
  const { openRedisWakeUps } = await import('./queue/redis.ts')
  return async (_: string, options: Parameters<typeof openRedisWakeUps>[1]) => openRedisWakeUps(redisUrl, options)
}
