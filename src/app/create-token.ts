import type { UserId } from '../brand.ts'
import type { Database } from '../db/sql.ts'
import { deleteTokenNamed, insertTokenIfAbsent } from '../db/tokens.ts'
import { Refusal } from '../refusal.ts'
import { newSecretToken } from './secret-token.ts'

/** Marks our tokens: a password that begins like this is one, and secret scanners find it. */
export const TOKEN_PREFIX = 'sluice_'
const MAX_NAME = 100

type For = { readonly userId: UserId; readonly name: string }

/** Makes a personal token. It is told once; the database keeps its hash. */
export async function createToken({ sql }: { sql: Database }, { userId, name }: For, now: Date): Promise<string> {
  const label = name.trim()
  if (label === '' || label.length > MAX_NAME)
    throw new Refusal(
      'invalid',
      `A token needs a name of 1 to ${MAX_NAME} characters`,
      'Name it after its user: laptop.',
    )
  const { token, tokenHash } = newSecretToken(TOKEN_PREFIX)
  if (await insertTokenIfAbsent(sql, { userId, name: label, tokenHash }, now)) return token
  throw new Refusal('conflict', `You have a token named ${label} already`, 'Choose another name, or revoke it first.')
}

/** Makes a token that takes the place of the one with the same name: for a file that was lost. */
export async function renewToken({ sql }: { sql: Database }, { userId, name }: For, now: Date): Promise<string> {
  await deleteTokenNamed(sql, userId, name)
  return createToken({ sql }, { userId, name }, now)
}
