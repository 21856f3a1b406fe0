import type { Database } from './sql.ts'

/** Acts while no other session of this database holds `lock`; undefined when one does. The lock is the connection's: it goes with it, whatever becomes of us. */
export async function withLockIfFree<T>(sql: Database, lock: number, act: () => Promise<T>): Promise<T | undefined> {
  const connection = await sql.reserve()
  try {
    const [answer] = await connection<[{ held: boolean }]>`select pg_try_advisory_lock(${lock}) as held`
    if (!answer.held) return undefined
    try {
      return await act()
    } finally {
      await connection`select pg_advisory_unlock(${lock})`
    }
  } finally {
    connection.release()
  }
}
