import type { Sql } from './sql.ts'

/** Takes the time, or goes on with it, for `leaseSeconds`. False: another web has it. A row, not a lock: no connection has to be held for it, which PostgreSQL may cut. */
export async function keepTimeIfFree(sql: Sql, holder: string, leaseSeconds: number): Promise<boolean> {
  const kept = await sql`
    insert into time_keeper (holder, until) values (${holder}, clock_timestamp() + make_interval(secs => ${leaseSeconds}))
    on conflict (is_only) do update set holder = excluded.holder, until = excluded.until
    where time_keeper.holder = excluded.holder or time_keeper.until < clock_timestamp()`
  return kept.count === 1
}

/** The next one need not wait for the lease. */
export async function leaveTime(sql: Sql, holder: string): Promise<void> {
  await sql`delete from time_keeper where holder = ${holder}`
}
