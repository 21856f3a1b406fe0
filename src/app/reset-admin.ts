import { deleteSignInsOf } from '../db/sign-ins.ts'
import type { Database } from '../db/sql.ts'
import { findUser, updatePasswordHash } from '../db/users.ts'
import { hashPassword } from './check-password.ts'
import { ADMIN, checkPasswordLength, createAdmin, newPassword } from './create-admin.ts'

/** Gives `admin` a new password and ends its sign-ins. Its tokens stay: they are revoked one by one, on their page. */
export async function resetAdmin(
  { sql }: { sql: Database },
  given: { password?: string },
  now: Date,
): Promise<{ password: string }> {
  const password = checkPasswordLength(given.password) ?? newPassword()
  const created = await createAdmin({ sql }, { password }, now)
  if (created !== null) return created
  const passwordHash = await hashPassword(password)
  await sql.begin(async (tx) => {
    const admin = await findUser(tx, ADMIN)
    if (admin === undefined) return
    await updatePasswordHash(tx, admin.id, passwordHash)
    await deleteSignInsOf(tx, admin.id)
  })
  return { password }
}
