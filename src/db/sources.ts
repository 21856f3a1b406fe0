import { createHash } from 'node:crypto'
import type { Digest } from '../brand.ts'
import type { Sql } from './sql.ts'

/** The CHECK of `source_chunks` says the same. */
const CHUNK_BYTES = 1024 * 1024

/** Stores a revision's files under their digest, once however often they come. In a transaction: half a source must never be seen. */
export async function insertSource(sql: Sql, tarGz: Buffer, now: Date): Promise<Digest> {
  const digest = `sha256:${createHash('sha256').update(tarGz).digest('hex')}` as Digest // the one place that makes them
  const md5 = createHash('md5').update(tarGz).digest('base64')
  const { count } = await sql`insert into sources (digest, bytes, md5, created_at)
    values (${digest}, ${tarGz.length}, ${md5}, ${now}) on conflict do nothing`
  if (count === 0) return digest
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
