import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../refusal.ts'
import { type Database, isDatabaseAway } from './sql.ts'

const OLDEST = 14
const LOOK_AGAIN_MS = 500

type Waiting = { readonly say: (line: string) => void; readonly stopping: AbortSignal }

/** Resolves when the database can be reached, whatever it answers. For processes of a stack, whose parts start in any order. */
export async function awaitDatabase(sql: Database, url: string, { say, stopping }: Waiting): Promise<void> {
  let said = ''
  for (;;) {
    const error = await sql`select 1`.then(
      () => null,
      (error: Error) => error,
    )
    if (error === null || !isDatabaseAway(error)) return
    const why = `Waiting for PostgreSQL at ${new URL(url).host}: ${error.message}`
    if (why !== said) say(why)
    said = why
    await sleep(LOOK_AGAIN_MS, undefined, { signal: stopping })
  }
}

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
