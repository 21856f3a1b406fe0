import type { Database } from './sql.ts'
import { isQuietlyAway, readClock } from './sql.ts'

/** Clocks that are this close are taken for the same: a schedule is to the second. */
const CLOSE_MS = 1_000
const LOOK_MS = 10_000

export type Clock = { now(): Date; close(): Promise<void> }

/**
 * The database's time, told by this host's clock: whatever a host believes the time to be, all webs and workers write the same.
 * Looks every ten seconds how far the host's clock is off; `say` is told when it comes to be.
 */
export async function openClock(
  sql: Database,
  { say, report }: { say: (line: string) => void; report: (error: unknown) => void },
): Promise<Clock> {
  let aheadMs = 0
  const look = async () => {
    const seen = await readClock(sql)
    const isClose = Math.abs(seen.aheadMs) - seen.withinMs < CLOSE_MS
    if (!isClose && aheadMs === 0) say(explainSkew(seen.aheadMs))
    aheadMs = isClose ? 0 : seen.aheadMs
  }
  await look()
  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      if (!isQuietlyAway(error)) report(error)
    })
  }, LOOK_MS).unref()
  return {
    now: () => new Date(Date.now() - aheadMs),
    close: async () => clearInterval(timer),
  }
}

const explainSkew = (aheadMs: number): string =>
  `This host’s clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the database’s; Sluice goes by the database’s. Synchronise both, for example with chrony.`
