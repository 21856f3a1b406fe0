import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { Refusal } from '../refusal.ts'
import type { Database, Sql } from './sql.ts'

const FOLDER = new URL('../../src/db/migrations/', import.meta.url)
/** Any number will do, as long as nobody else in this database takes the same. */
const LOCK = 7_583_021

const OTHER_VERSION =
  'Start the version that made it. Of a version that was never released: start anew with another SLUICE_HOME or database, or scripts/reset.'

/** False: this program brings a migration that the database has not seen. (A newer program's, which it has seen, do no harm.) */
export async function isMigrated(sql: Sql): Promise<boolean> {
  const rows = await sql<{ name: string }[]>`select name from migrations`
  const applied = new Set(rows.map(({ name }) => name))
  return (await listMigrations()).every((name) => applied.has(name))
}

const listMigrations = async () => (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()

/** Brings the schema up to date, each file once and in order. Safe to call from many processes at once: one works, the others wait. Throws when a file that was applied has been edited since. */
export async function migrate(sql: Database): Promise<readonly string[]> {
  const files = await listMigrations()
  return sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK})`
    await tx`create table if not exists migrations (name text primary key, sha256 text not null, applied_at timestamptz not null default now())`
    const rows = await tx<{ name: string; sha256: string }[]>`select name, sha256 from migrations`
    const known = new Map(rows.map(({ name, sha256 }) => [name, sha256]))
    const applied: string[] = []
    for (const name of files) {
      const text = await readFile(new URL(name, FOLDER), 'utf8')
      const sha256 = createHash('sha256').update(text).digest('hex')
      if (known.get(name) === sha256) continue
      if (known.has(name))
        throw new Refusal('conflict', `The database was made by another version of ${name}.`, OTHER_VERSION)
      await tx.unsafe(text).simple()
      await tx`insert into migrations (name, sha256) values (${name}, ${sha256})`
      applied.push(name)
    }
    return applied
  })
}
