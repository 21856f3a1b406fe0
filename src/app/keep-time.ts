import type postgres from 'postgres'
import { type Database, isDatabaseAway } from '../db/sql.ts'
import type { AttemptPorts } from './finish-task.ts'
import { runDueSchedules } from './run-schedules.ts'
import { sweep } from './sweep.ts'

export type TimePorts = AttemptPorts & { readonly now: () => Date; readonly report: (error: unknown) => void }

/** Any number will do, as long as nobody else in this database takes the same. */
const LOCK = 7_583_022
const SWEEP_MS = 2000
/** Leases get this long to be renewed after whoever keeps the time, or the database, has started. */
const SETTLE_MS = 15_000

/** The loop of one web among many: sweeps, and starts schedules to the second. Whoever holds the lock does; the others stand by. */
export function openTime(ports: TimePorts, { fenceMs }: { fenceMs: number }): { close(): Promise<void> } {
  let isClosed = false
  let wake = () => {}
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function keepTime(): Promise<void> {
    let settledAt = performance.now() + SETTLE_MS
    while (!isClosed) {
      const waitMs = await tick(ports, { fenceMs, looksForLost: performance.now() >= settledAt }).catch(
        (error: unknown) => {
          if (isDatabaseAway(error)) settledAt = performance.now() + SETTLE_MS
          else ports.report(error)
          return SWEEP_MS
        },
      )
      if (!isClosed) await sleep(waitMs)
    }
  }

  const done = keepTime()
  return {
    close: async () => {
      isClosed = true
      wake()
      await done
    },
  }
}

/** How long until there is something to do. The lock is the session's: it goes with the connection, whatever becomes of us. */
async function tick(ports: TimePorts, options: { fenceMs: number; looksForLost: boolean }): Promise<number> {
  return withLock(ports.sql, async () => {
    const now = ports.now()
    await sweep(ports, options, now)
    const next = await runDueSchedules(ports, now)
    return next === null ? SWEEP_MS : Math.min(SWEEP_MS, Math.max(0, next.getTime() - ports.now().getTime()))
  })
}

async function withLock(sql: Database, act: () => Promise<number>): Promise<number> {
  const connection: postgres.ReservedSql = await sql.reserve()
  try {
    const [lock] = await connection<[{ held: boolean }]>`select pg_try_advisory_lock(${LOCK}) as held`
    if (!lock.held) return SWEEP_MS
    try {
      return await act()
    } finally {
      await connection`select pg_advisory_unlock(${LOCK})`
    }
  } finally {
    connection.release()
  }
}
