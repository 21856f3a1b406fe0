import { join } from 'node:path'
import type { Config } from './config.ts'
import { checkDatabase } from './db/check-database.ts'
import { openEmbeddedPostgres } from './db/embedded.ts'
import { type Hints, openHints } from './db/hints.ts'
import { findOrNameInstallation, type Installation } from './db/installation.ts'
import { migrate } from './db/migrate.ts'
import { type Database, openDatabase } from './db/sql.ts'
import { type Home, readOrMakeKey } from './home.ts'
import type { Lifetime } from './lifetime.ts'
import { openPostgresWakeUps } from './queue/postgres.ts'
import { openRedisWakeUps } from './queue/redis.ts'
import type { WakeUps } from './queue/wake-ups.ts'
import type { Reports } from './reports.ts'

/** What a web and a worker of one process share. */
export type Stores = {
  readonly sql: Database
  readonly hints: Hints
  readonly wakeUps: WakeUps
  readonly installation: Installation
  /** Seals secrets in the database. */
  readonly key: Buffer
}

type Needs = { readonly config: Config; readonly home: Home; readonly reports: Reports }

const CONNECTIONS = 20

export async function openStores(lifetime: Lifetime, needs: Needs): Promise<Stores> {
  const { config, home, reports } = needs
  const url = config.databaseUrl ?? (await startPostgres(lifetime, needs))
  const sql = openDatabase(url, { max: CONNECTIONS })
  lifetime.onEnd(() => sql.end({ timeout: 5 }))
  await checkDatabase(sql, url)
  await migrate(sql)
  const installation = await findOrNameInstallation(sql)
  const [hints, wakeUps, key] = await Promise.all([
    openHints(sql),
    openWakeUps(config, url, { namespace: `sluice-${installation.name}`, report: reports.report }),
    config.secretKey ?? readOrMakeKey(home),
  ])
  return { sql, hints: lifetime.own(hints), wakeUps: lifetime.own(wakeUps), installation, key }
}

async function startPostgres(lifetime: Lifetime, { home, reports }: Needs): Promise<string> {
  const postgres = await openEmbeddedPostgres(join(home.shared, 'postgres'))
  lifetime.onEnd(() => postgres.stop())
  reports.say(postgres.wasAdopted ? 'Found the embedded PostgreSQL still running' : 'Started the embedded PostgreSQL')
  return postgres.url
}

type QueueOptions = Parameters<typeof openRedisWakeUps>[1]

async function openWakeUps({ redisUrl }: Config, databaseUrl: string, options: QueueOptions): Promise<WakeUps> {
  return redisUrl === null ? openPostgresWakeUps(databaseUrl, options) : openRedisWakeUps(redisUrl, options)
}
