import type { UserId } from '../brand.ts'
import type { Sql } from '../db/sql.ts'
import { deleteToken, type TokenId } from '../db/tokens.ts'
import { Refusal } from '../refusal.ts'

/** From now on the token opens nothing. */
export async function revokeToken({ sql }: { sql: Sql }, userId: UserId, id: TokenId): Promise<void> {
  if (await deleteToken(sql, userId, id)) return
  throw new Refusal('not_found', 'There is no such token', 'It may be revoked already: look at the list.')
}
