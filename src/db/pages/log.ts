import type { LogId } from '../../brand.ts'
import type { Sql } from '../sql.ts'

export type LogExtent = {
  readonly nextSeq: number
  readonly storedBytes: number
  readonly isClosed: boolean
}

export async function findLogExtent(sql: Sql, id: LogId): Promise<LogExtent | undefined> {
  const [log] = await sql<LogExtent[]>`
    select next_seq as "nextSeq", stored_bytes::float8 as "storedBytes", closed_at is not null as "isClosed"
    from logs where id = ${id}`
  return log
}

/** The first chunk, from `seq` on, that a reader of at most `bytes` from the end would see, and how much lies between. */
export async function findTailStart(
  sql: Sql,
  id: LogId,
  { seq, bytes }: { seq: number; bytes: number },
): Promise<{ seq: number; skippedBytes: number }> {
  const [start] = await sql<[{ seq: number | null; skippedBytes: number }]>`
    select min(seq) filter (where later < ${bytes}) as seq,
      coalesce(sum(raw_bytes) filter (where later >= ${bytes}), 0)::float8 as "skippedBytes"
    from (
      select seq, raw_bytes, sum(raw_bytes) over (order by seq desc) - raw_bytes as later
      from log_chunks where log_id = ${id} and seq >= ${seq}
    ) as chunks`
  return { seq: start.seq ?? seq, skippedBytes: start.skippedBytes }
}
