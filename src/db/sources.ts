import { createHash } from 'node:crypto'
import type { Digest } from '../brand.ts'
import type { Sql } from './sql.ts'

/** The CHECK of `source_chunks` says the same. */
const CHUNK_BYTES = 1024 * 1024

/** Stores a revision's files under their digest, once however often they come; one that is there counts as needed from now on. In a transaction: half a source must never be seen. */
export async function insertSource(sql: Sql, tarGz: Buffer, now: Date): Promise<Digest> {
  const digest = `sha256:${createHash('sha256').update(tarGz).digest('hex')}` as Digest // the one place that makes them
  const md5 = createHash('md5').update(tarGz).digest('base64')
  const [row] = await sql<[{ isNew: boolean }]>`
    insert into sources (digest, bytes, md5, created_at, needed_at)
    values (${digest}, ${tarGz.length}, ${md5}, ${now}, ${now})
    on conflict (digest) do update set needed_at = excluded.needed_at returning xmax = 0 as "isNew"`
  if (!row.isNew) return digest
  for (let seq = 0; seq * CHUNK_BYTES < tarGz.length; seq++) {
    const bytes = tarGz.subarray(seq * CHUNK_BYTES, (seq + 1) * CHUNK_BYTES)
    await sql`insert into source_chunks (digest, seq, bytes) values (${digest}, ${seq}, ${bytes})`
  }
  return digest
}

/** The whole tar.gz, up to `SLUICE_MAX_SOURCE` bytes of it. */
export async function readSource(sql: Sql, digest: Digest): Promise<Buffer> {
  const chunks: Buffer[] = []
  const rows = sql<{ bytes: Buffer }[]>`select bytes from source_chunks where digest = ${digest} order by seq`
  for await (const batch of rows.cursor(8)) for (const row of batch) chunks.push(row.bytes)
  return Buffer.concat(chunks)
}

/** Piece by piece, each when it is asked for: whoever takes them slowly holds no connection meanwhile, and whoever stops ends the reading. */
export async function* streamSource(sql: Sql, digest: Digest): AsyncGenerator<Buffer> {
  for (let seq = 0; ; seq++) {
    const [row] = await sql<{ bytes: Buffer }[]>`
      select bytes from source_chunks where digest = ${digest} and seq = ${seq}`
    if (row === undefined) return
    yield row.bytes
  }
}

/** Of the tar.gz. */
export async function sourceBytes(sql: Sql, digest: Digest): Promise<number> {
  const [row] = await sql<[{ bytes: number }]>`select bytes::float8 as bytes from sources where digest = ${digest}`
  return row.bytes
}

/** Where a walk over the sources has come to, the longest unneeded first. */
export type SourcePlace = { readonly neededAt: Date; readonly digest: Digest }

/** The next sources that no deploy has brought since `neededBefore`. */
export async function listOldSources(
  sql: Sql,
  { neededBefore, after, limit }: { neededBefore: Date; after: SourcePlace | null; limit: number },
): Promise<readonly SourcePlace[]> {
  return sql<SourcePlace[]>`
    select digest, needed_at as "neededAt" from sources where needed_at < ${neededBefore}
      ${after === null ? sql`` : sql`and (needed_at, digest) > (${after.neededAt}, ${after.digest})`}
    order by sources.needed_at, digest limit ${limit}`
}

/** One that a deploy brings at this moment has been needed since `neededBefore` when its lock is free; foreign keys guard the rest. */
export async function deleteSourceIfUnneeded(sql: Sql, digest: Digest, neededBefore: Date): Promise<boolean> {
  const { count } = await sql`
    delete from sources where digest = ${digest} and needed_at < ${neededBefore}
      and not exists (select from revisions where source_digest = ${digest})
      and not exists (select from builds where source_digest = ${digest})
      and not exists (select from deliveries where source_digest = ${digest} and state = 'received')`
  return count === 1
}
