import { randomInt } from 'node:crypto'
import type { Database } from '../db/sql.ts'
import { findUser, insertUserIfAbsent } from '../db/users.ts'
import { Refusal } from '../refusal.ts'
import { hashPassword } from './check-password.ts'

export const ADMIN = 'admin'

/** The first start makes the user `admin`, with `password` or a new one, and tells it once. Null: it exists already. */
export async function createAdmin(
  { sql }: { sql: Database },
  given: { password?: string },
  now: Date,
): Promise<{ password: string } | null> {
  if ((await findUser(sql, ADMIN)) !== undefined) return null
  const password = checkPasswordLength(given.password) ?? newPassword()
  const isNew = await insertUserIfAbsent(sql, { name: ADMIN, passwordHash: await hashPassword(password) }, now)
  return isNew ? { password } : null
}

/** No letter or digit that is taken for another. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

/** Four groups of five: 100 bits, and it can be read aloud. */
export function newPassword(): string {
  const letter = () => LETTERS[randomInt(LETTERS.length)]
  const group = () => Array.from({ length: 5 }, letter).join('')
  return Array.from({ length: 4 }, group).join('-')
}

export function checkPasswordLength(password: string | undefined): string | undefined {
  if (password === undefined || (password.length >= 8 && password.length <= 1024)) return password
  throw new Refusal('invalid', 'That password is too short or too long', 'Use 8 to 1024 characters.')
}
