import type { UserId } from '../brand.ts'
import type { Sql } from '../db/sql.ts'
import { findTokenUser, touchToken } from '../db/tokens.ts'
import { hashSecretToken } from './secret-token.ts'

/** "Last used" is exact to a minute: one write a minute, not one a request. */
const TOUCH_MS = 60_000

/** Whose token it is; undefined when it is nobody's. */
export async function checkToken(
  { sql }: { sql: Sql },
  token: string,
  now: Date,
): Promise<{ id: UserId; name: string } | undefined> {
  const found = await findTokenUser(sql, hashSecretToken(token))
  if (found === undefined) return undefined
  const isStale = found.lastUsedAt === null || now.getTime() - found.lastUsedAt.getTime() > TOUCH_MS
  if (isStale) await touchToken(sql, found.tokenId, now)
  return { id: found.id, name: found.name }
}
