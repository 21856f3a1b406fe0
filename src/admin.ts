import { chmod, readFile, writeFile } from 'node:fs/promises'
import { checkToken } from './app/check-token.ts'
import { ADMIN, createAdmin } from './app/create-admin.ts'
import { renewToken } from './app/create-token.ts'
import type { Config } from './config.ts'
import type { Database } from './db/sql.ts'
import { findUser } from './db/users.ts'
import type { Home } from './home.ts'
import type { Reports } from './reports.ts'

/** The first start of an installation makes the user `admin`. */
export async function openAdmin(sql: Database, { adminPassword }: Config, { say }: Reports): Promise<void> {
  const made = await createAdmin({ sql }, adminPassword === null ? {} : { password: adminPassword }, new Date())
  if (made !== null && adminPassword === null) {
    say(`Sign in as ${ADMIN} with the password ${made.password} (shown this once; sluice admin:reset makes another)`)
  }
}

/** Makes sure that the CLI of this home can speak to the server. */
export async function openHomeToken(sql: Database, { tokenFile }: Home): Promise<void> {
  const now = new Date()
  const token = await readFile(tokenFile, 'utf8').catch(() => '')
  if (token !== '' && (await checkToken({ sql }, token.trim(), now)) !== undefined) return
  const admin = await findUser(sql, ADMIN)
  if (admin === undefined) return
  await writeFile(tokenFile, `${await renewToken({ sql }, { userId: admin.id, name: 'this checkout' }, now)}\n`, {
    mode: 0o600,
  })
  await chmod(tokenFile, 0o600)
}
