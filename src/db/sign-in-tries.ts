import type { Sql } from './sql.ts'

export type Try = { readonly name: string; readonly address: string }

/** Counts a try before it is made, so that tries side by side cannot get past the limit. Undefined: none is left. */
export async function claimTry(
  sql: Sql,
  { name, address }: Try,
  { limit, countedSince }: { limit: number; countedSince: Date },
  now: Date,
): Promise<{ left: number } | undefined> {
  await sql`delete from sign_in_tries where last_at < ${countedSince}`
  const [row] = await sql<{ wrong: number }[]>`
    insert into sign_in_tries as tries (name, address, wrong, last_at) values (${name}, ${address}, 1, ${now})
    on conflict (name, address) do update set wrong = tries.wrong + 1, last_at = ${now} where tries.wrong < ${limit}
    returning wrong`
  return row && { left: limit - row.wrong }
}

export async function forgetTries(sql: Sql, { name, address }: Try): Promise<void> {
  await sql`delete from sign_in_tries where name = ${name} and address = ${address}`
}
