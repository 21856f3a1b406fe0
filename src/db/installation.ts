import { randomBytes } from 'node:crypto'
import type { Sql } from './sql.ts'

/** `engineSeenAt`: a Docker engine was used once, so that tasks never run outside Docker again. */
export type Installation = { readonly name: string; readonly engineSeenAt: Date | null }

/** The one row of this installation; the first to ask names it. */
export async function findOrNameInstallation(sql: Sql): Promise<Installation> {
  const name = randomBytes(4).toString('hex')
  await sql`insert into installation (name) values (${name}) on conflict do nothing`
  const [row] = await sql<[Installation]>`select name, engine_seen_at as "engineSeenAt" from installation`
  return row
}

/** Undefined: no server has used this database. */
export async function findInstallation(sql: Sql): Promise<Installation | undefined> {
  const [table] = await sql`select to_regclass('installation') as name`
  if (table?.name === null) return undefined
  const [row] = await sql<Installation[]>`select name, engine_seen_at as "engineSeenAt" from installation`
  return row
}

/** Where this runs, in SQL: what `_environment` of a schedule is compared with. */
export const environmentOf = (sql: Sql) => sql`coalesce((select environment from installation), 'development')`

/** False: it is there already. Any name but the last one is a move, null (unnamed) too. */
export async function moveInstallationIfElsewhere(sql: Sql, environment: string | null): Promise<boolean> {
  const { count } =
    await sql`update installation set environment = ${environment} where environment is distinct from ${environment}::text`
  return count === 1
}

export async function markEngineSeenIfFirst(sql: Sql, now: Date): Promise<void> {
  await sql`update installation set engine_seen_at = ${now} where engine_seen_at is null`
}
