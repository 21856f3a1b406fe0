import type { UserId } from '../brand.ts'
import type { Sql } from './sql.ts'

export async function insertSignIn(
  sql: Sql,
  { tokenHash, userId, expiresAt }: { tokenHash: Buffer; userId: UserId; expiresAt: Date },
  now: Date,
): Promise<void> {
  await sql`delete from sign_ins where expires_at < ${now}`
  await sql`insert into sign_ins (token_hash, user_id, created_at, expires_at)
    values (${tokenHash}, ${userId}, ${now}, ${expiresAt})`
}

export async function findSignedInUser(
  sql: Sql,
  tokenHash: Buffer,
  now: Date,
): Promise<{ id: UserId; name: string } | undefined> {
  const [user] = await sql<{ id: UserId; name: string }[]>`
    select users.id, users.name from sign_ins join users on users.id = user_id
    where token_hash = ${tokenHash} and expires_at > ${now}`
  return user
}

export async function deleteSignIn(sql: Sql, tokenHash: Buffer): Promise<void> {
  await sql`delete from sign_ins where token_hash = ${tokenHash}`
}

export async function deleteSignInsOf(sql: Sql, userId: UserId): Promise<void> {
  await sql`delete from sign_ins where user_id = ${userId}`
}
