import type { LogId } from '../brand.ts'
import { type KeptLog, listKeptLogs, removeLogsIfClosed } from '../db/old-logs.ts'
import type { Database } from '../db/sql.ts'

const LOOKED_AT_ONCE = 100
/** Of one walk: a busy fleet closes fewer logs than this a minute. */
const MOST_LOOKS = 50

/**
 * Removes the text of logs that were closed `keptMs` ago or before, and leaves a line in its place. Gives where to go on next time; null: from the beginning.
 * Logs are begun in the order of their ids, so where none is old enough any more the walk is over. Any number of webs may do it at once.
 */
export async function collectLogs(
  sql: Database,
  after: LogId | null,
  keptMs: number,
  now: Date,
): Promise<LogId | null> {
  const closedBefore = new Date(now.getTime() - keptMs)
  const isOld = ({ closedAt }: KeptLog) => closedAt !== null && closedAt <= closedBefore
  let place = after
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const logs = await listKeptLogs(sql, { after: place, limit: LOOKED_AT_ONCE })
    const old = logs.filter(isOld).map(({ id }) => id)
    await removeLogsIfClosed(sql, old, marker(keptMs, now), now)
    const isOver = logs.length < LOOKED_AT_ONCE || (old.length === 0 && logs.some(({ closedAt }) => closedAt !== null))
    if (isOver) return null
    place = logs.at(-1)?.id ?? null
  }
  return place
}

const marker = (keptMs: number, now: Date) =>
  `[sluice] This log was removed on ${now.toISOString().slice(0, 10)}: logs are kept for ${lasting(keptMs)} after they end (SLUICE_KEEP_LOGS).\n`

function lasting(ms: number): string {
  const [hours, days] = [Math.round(ms / 3_600_000), Math.round(ms / 86_400_000)]
  return days >= 2 ? `${days} days` : hours >= 2 ? `${hours} hours` : `${Math.round(ms / 1000)} s`
}
