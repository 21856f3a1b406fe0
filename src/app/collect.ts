import type { LogId } from '../brand.ts'
import type { SourcePlace } from '../db/sources.ts'
import { type Database, isDatabaseAway } from '../db/sql.ts'
import type { Repositories } from '../git/repositories.ts'
import { collectLogs } from './collect-logs.ts'
import { collectSources } from './collect-sources.ts'

const LOOK_MS = 60_000

type CollectPorts = {
  readonly sql: Database
  readonly repositories: Pick<Repositories, 'removeOldQuarantines'>
  /** Null: logs are kept for ever. */
  readonly keepLogsMs: number | null
  readonly now: () => Date
  readonly report: (error: unknown) => void
}

/** Takes away what nobody needs any more, a little each minute, for as long as the web lives. */
export function openCollecting(ports: CollectPorts): { close(): Promise<void> } {
  const { sql, repositories, keepLogsMs, now, report } = ports
  let source: SourcePlace | null = null
  let log: LogId | null = null
  const looks = [
    async () => {
      source = await collectSources(sql, source, now())
    },
    async () => {
      if (keepLogsMs !== null) log = await collectLogs(sql, log, keepLogsMs, now())
    },
    async () => repositories.removeOldQuarantines(),
  ]
  const look = async () => {
    for (const one of looks)
      await one().catch((error: unknown) => {
        if (!isDatabaseAway(error)) report(error)
      })
  }
  let looking: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, LOOK_MS)
  return {
    close: async () => {
      clearInterval(timer)
      await looking
    },
  }
}
