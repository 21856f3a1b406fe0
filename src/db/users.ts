import type { UserId } from '../brand.ts'
import type { Sql } from './sql.ts'

export type StoredUser = { readonly id: UserId; readonly name: string; readonly passwordHash: string }

export async function findUser(sql: Sql, name: string): Promise<StoredUser | undefined> {
  const [user] = await sql<StoredUser[]>`
    select id, name, password_hash as "passwordHash" from users where name = ${name}`
  return user
}

/** False: somebody has that name already. */
export async function insertUserIfAbsent(
  sql: Sql,
  { name, passwordHash }: { name: string; passwordHash: string },
  now: Date,
): Promise<boolean> {
  const { count } = await sql`insert into users (name, password_hash, created_at)
    values (${name}, ${passwordHash}, ${now}) on conflict (name) do nothing`
  return count === 1
}

export async function updatePasswordHash(sql: Sql, userId: UserId, passwordHash: string): Promise<void> {
  await sql`update users set password_hash = ${passwordHash} where id = ${userId}`
}
