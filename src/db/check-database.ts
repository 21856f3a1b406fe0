import { Refusal } from '../refusal.ts'
import type { Database } from './sql.ts'

const OLDEST = 14

/** Asks the database for its version: the first statement of a process. Refuses, in words, one that is away, closed to us or too old. Gives its major version. */
export async function checkDatabase(sql: Database, url: string): Promise<number> {
  const { host, pathname, username } = new URL(url)
  const [row] = await sql<{ version: number }[]>`select current_setting('server_version_num')::int as version`.catch(
    (error: { code?: string; message: string }) => {
      const why = `PostgreSQL cannot be used: ${username}@${host}${pathname} says “${error.message || error.code}”.`
      throw new Refusal(
        'unavailable',
        why,
        HINTS[error.code ?? ''] ?? 'Check DATABASE_URL, and that PostgreSQL runs there.',
      )
    },
  )
  const major = Math.floor((row?.version ?? 0) / 10_000)
  if (major >= OLDEST) return major
  throw new Refusal('unavailable', `PostgreSQL at ${host} is version ${major}.`, `Sluice needs ${OLDEST} or newer.`)
}

const HINTS: Readonly<Record<string, string>> = {
  '28P01': 'Check the user and the password in DATABASE_URL.',
  '28000': 'Check the user in DATABASE_URL, and pg_hba.conf of the server.',
  '3D000': 'Create the database, or correct its name in DATABASE_URL.',
}
