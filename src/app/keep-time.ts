import { withLockIfFree } from '../db/advisory-lock.ts'
import { isDatabaseAway } from '../db/sql.ts'
import type { AttemptPorts } from './finish-task.ts'
import { rescueBuilds } from './rescue-builds.ts'
import { runDueSchedules } from './run-schedules.ts'
import { type SweepOptions, sweep } from './sweep.ts'

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

/** How long until there is something to do. */
async function tick(ports: TimePorts, options: SweepOptions): Promise<number> {
  const next = await withLockIfFree(ports.sql, LOCK, async () => {
    await sweep(ports, options, ports.now())
    await ports.wakeUps.ring(await rescueBuilds(ports.sql, ports.now()))
    return runDueSchedules(ports, ports.now())
  })
  if (next === undefined || next === null) return SWEEP_MS
  return Math.min(SWEEP_MS, Math.max(0, next.getTime() - ports.now().getTime()))
}
