import type { Try } from '../db/sign-in-tries.ts'
import { insertSignIn } from '../db/sign-ins.ts'
import type { Database } from '../db/sql.ts'
import type { PasswordCheck, Passwords } from './check-password.ts'
import { newSecretToken } from './secret-token.ts'

export const SIGN_IN_MS = 30 * 24 * 3_600_000

/** A browser signs in with a password and gets a token for its cookie: a new one each time, never one that it brought. */
export async function signIn(
  { sql, passwords }: { sql: Database; passwords: Pick<Passwords, 'check'> },
  attempt: Try & { password: string },
  now: Date,
): Promise<{ kind: 'signed in'; token: string } | Exclude<PasswordCheck, { kind: 'passed' }>> {
  const check = await passwords.check(sql, attempt, now)
  if (check.kind !== 'passed') return check
  const { token, tokenHash } = newSecretToken()
  const expiresAt = new Date(now.getTime() + SIGN_IN_MS)
  await insertSignIn(sql, { tokenHash, userId: check.user.id, expiresAt }, now)
  return { kind: 'signed in', token }
}
