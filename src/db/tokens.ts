import type { Brand, UserId } from '../brand.ts'
import type { Sql } from './sql.ts'

export type TokenId = Brand<string, 'TokenId'>
export type Token = {
  readonly id: TokenId
  readonly name: string
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

/** False: the user has a token of that name already. */
export async function insertTokenIfAbsent(
  sql: Sql,
  { userId, name, tokenHash }: { userId: UserId; name: string; tokenHash: Buffer },
  now: Date,
): Promise<boolean> {
  const { count } = await sql`insert into tokens (user_id, name, token_hash, created_at)
    values (${userId}, ${name}, ${tokenHash}, ${now}) on conflict (user_id, name) do nothing`
  return count === 1
}

export async function listTokens(sql: Sql, userId: UserId): Promise<readonly Token[]> {
  return sql<Token[]>`select id, name, created_at as "createdAt", last_used_at as "lastUsedAt"
    from tokens where user_id = ${userId} order by id`
}

/** False: the user has no such token. */
export async function deleteToken(sql: Sql, userId: UserId, id: TokenId): Promise<boolean> {
  const { count } = await sql`delete from tokens where id = ${id} and user_id = ${userId}`
  return count === 1
}

export async function deleteTokenNamed(sql: Sql, userId: UserId, name: string): Promise<void> {
  await sql`delete from tokens where user_id = ${userId} and name = ${name}`
}

export async function findTokenUser(
  sql: Sql,
  tokenHash: Buffer,
): Promise<{ id: UserId; name: string; tokenId: TokenId; lastUsedAt: Date | null } | undefined> {
  const [user] = await sql<{ id: UserId; name: string; tokenId: TokenId; lastUsedAt: Date | null }[]>`
    select users.id, users.name, tokens.id as "tokenId", last_used_at as "lastUsedAt"
    from tokens join users on users.id = user_id where token_hash = ${tokenHash}`
  return user
}

export async function touchToken(sql: Sql, id: TokenId, now: Date): Promise<void> {
  await sql`update tokens set last_used_at = ${now} where id = ${id}`
}
