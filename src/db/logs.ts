import { gunzipSync, gzipSync } from 'node:zlib'
import type { LogId, TaskId } from '../brand.ts'
import type { Database, Sql } from './sql.ts'

export type LogChunk = { readonly seq: number; readonly at: Date; readonly bytes: Buffer }

/** `taken` counts the bytes of the source that were consumed: a reader that starts again goes on from there. */
export type LogState = {
  readonly taken: number
  readonly storedBytes: number
  readonly isTruncated: boolean
  readonly closedAt: Date | null
}

export async function insertLog(sql: Sql): Promise<LogId> {
  const [log] = await sql<[{ id: LogId }]>`insert into logs default values returning id`
  return log.id
}

/**
 * Appends `bytes`, which are the source's bytes from `offset` on, and hints at it. Past `capBytes` one visible marker is stored and the rest is only counted.
 * False: somebody took these bytes already (a second reader, or the same one before it died), nothing was written.
 */
export async function appendLogAt(
  sql: Sql,
  id: LogId,
  { offset, bytes, capBytes }: { offset: number; bytes: Uint8Array; capBytes: number },
  now: Date,
): Promise<boolean> {
  const [log] = await sql<{ storedBytes: number; nextSeq: number; truncated: boolean }[]>`
    update logs set taken = taken + ${bytes.length} where id = ${id} and taken = ${offset} and closed_at is null
    returning stored_bytes::float8 as "storedBytes", next_seq as "nextSeq", truncated`
  if (log === undefined) return false
  const room = Math.max(0, capBytes - log.storedBytes)
  const isOver = bytes.length > room
  const kept = isOver
    ? Buffer.concat([bytes.subarray(0, room), log.truncated ? '' : marker(capBytes)].map(asBuffer))
    : bytes
  if (kept.length === 0) return true
  await sql`insert into log_chunks (log_id, seq, at, bytes, raw_bytes)
    values (${id}, ${log.nextSeq}, ${now}, ${gzipSync(kept, { level: 1 })}, ${kept.length})`
  await sql`update logs set stored_bytes = stored_bytes + ${kept.length}, next_seq = next_seq + 1, truncated = truncated or ${isOver}
    where id = ${id}`
  await sql`select pg_notify('sluice', ${`log:${id}`})`
  return true
}

const asBuffer = (part: Uint8Array | string) => Buffer.from(part as string)
const marker = (capBytes: number) =>
  `\n[sluice] The log is cut here: it reached its limit of ${capBytes} bytes, and what follows is not kept. Write what you need to a file.\n`

/** Appends what only this process writes: a deploy's or a build's own lines. Ignored once the log is closed. */
export async function appendLog(sql: Sql, id: LogId, bytes: Uint8Array, now: Date): Promise<void> {
  if (bytes.length === 0) return
  const [log] = await sql<{ seq: number }[]>`
    update logs set taken = taken + ${bytes.length}, stored_bytes = stored_bytes + ${bytes.length}, next_seq = next_seq + 1
    where id = ${id} and closed_at is null returning next_seq - 1 as seq`
  if (log === undefined) return
  await sql`insert into log_chunks (log_id, seq, at, bytes, raw_bytes)
    values (${id}, ${log.seq}, ${now}, ${gzipSync(bytes, { level: 1 })}, ${bytes.length})`
  await sql`select pg_notify('sluice', ${`log:${id}`})`
}

/** Appends to a log that may be closed: what became of a build's image later. Ignored once its text was removed. */
export async function appendAfterwards(sql: Database, id: LogId, bytes: Uint8Array, now: Date): Promise<void> {
  await sql.begin(async (tx) => {
    const [log] = await tx<{ closedAt: Date | null }[]>`
      select closed_at as "closedAt" from logs where id = ${id} and removed_at is null for no key update`
    if (log === undefined) return
    await tx`update logs set closed_at = null where id = ${id}`
    await appendLog(tx, id, bytes, now)
    await tx`update logs set closed_at = ${log.closedAt} where id = ${id}`
  })
}

export async function closeLog(sql: Sql, id: LogId, now: Date): Promise<void> {
  await sql`
    with closed as (update logs set closed_at = coalesce(closed_at, ${now}) where id = ${id})
    select pg_notify('sluice', ${`log:${id}`})`
}

/** Of the newest start of each: their ends were decided by somebody else than whoever wrote these logs. */
export async function closeLogsOfTasks(sql: Sql, taskIds: readonly TaskId[], now: Date): Promise<void> {
  if (taskIds.length === 0) return
  await sql`
    with closed as (
      update logs set closed_at = ${now} from tasks
      where tasks.id = any(${[...taskIds]}::bigint[]) and logs.id = tasks.log_id and closed_at is null returning logs.id
    )
    select pg_notify('sluice', 'log:' || id) from closed`
}

export async function getLogState(sql: Sql, id: LogId): Promise<LogState> {
  const [log] = await sql<[LogState]>`
    select taken::float8 as taken, stored_bytes::float8 as "storedBytes", truncated as "isTruncated", closed_at as "closedAt"
    from logs where id = ${id}`
  return log
}

/** Chunks from `seq` on, in order, unpacked; at most `limit` of them. */
export async function listLogChunks(sql: Sql, id: LogId, seq: number, limit = 200): Promise<readonly LogChunk[]> {
  const rows = await sql<{ seq: number; at: Date; bytes: Buffer }[]>`
    select seq, at, bytes from log_chunks where log_id = ${id} and seq >= ${seq} order by seq limit ${limit}`
  return rows.map((row) => ({ ...row, bytes: gunzipSync(row.bytes) }))
}
