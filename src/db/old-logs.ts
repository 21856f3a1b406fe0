import { gzipSync } from 'node:zlib'
import type { LogId } from '../brand.ts'
import type { Database, Sql } from './sql.ts'

export type KeptLog = { readonly id: LogId; readonly closedAt: Date | null }

/** Logs that still have their text, the oldest first. */
export function listKeptLogs(
  sql: Sql,
  { after, limit }: { after: LogId | null; limit: number },
): Promise<readonly KeptLog[]> {
  return sql<KeptLog[]>`
    select id, closed_at as "closedAt" from logs where removed_at is null and id > ${after ?? 0} order by id limit ${limit}`
}

/** Puts `marker` in the place of each one's text, if it had any and is still closed; it is one chunk then, the first, as readers count on. */
export async function removeLogsIfClosed(
  sql: Database,
  ids: readonly LogId[],
  marker: string,
  now: Date,
): Promise<void> {
  if (ids.length === 0) return
  const bytes = Buffer.from(marker)
  await sql.begin(async (tx) => {
    const removed = await tx<{ id: LogId; chunks: number }[]>`
      update logs set removed_at = ${now}, stored_bytes = case next_seq when 0 then 0 else ${bytes.length}::int end, next_seq = least(next_seq, 1)
      where id = any(${[...ids]}::bigint[]) and closed_at is not null and removed_at is null
      returning id, next_seq as chunks`
    const written = removed.filter(({ chunks }) => chunks > 0).map(({ id }) => id)
    await tx`delete from log_chunks where log_id = any(${written}::bigint[])`
    await tx`
      insert into log_chunks (log_id, seq, at, bytes, raw_bytes)
      select id, 0, ${now}, ${gzipSync(bytes)}, ${bytes.length} from unnest(${written}::bigint[]) as id`
  })
}
