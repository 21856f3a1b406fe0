import { randomUUID } from 'node:crypto'
import { isDatabaseAway, isQuietlyAway } from '../db/sql.ts'
import { keepTimeIfFree, leaveTime } from '../db/time-keeper.ts'
import { forgetOldCounts } from '../db/work-counts.ts'
import type { AttemptPorts } from './finish-task.ts'
import { rescueBuilds } from './rescue-builds.ts'
import { runDueSchedules } from './run-schedules.ts'
import { type SweepOptions, sweep } from './sweep.ts'

export type TimePorts = AttemptPorts & { readonly now: () => Date; readonly report: (error: unknown) => void }

const SWEEP_MS = 2000
/** How long the others wait for one that was killed. */
const LEASE_SECONDS = 5
/** Leases get this long to be renewed after whoever keeps the time, or the database, has started. */
const SETTLE_MS = 15_000
const FORGOTTEN_AT_ONCE = 500
/** What is due and yet not ours to start, another web has locked: if it dies, they are ours. */
const BESIDE_MS = 100

/** The loop of each web: schedules are started to the second by whichever web comes first, so that nobody waits for one that was killed; one of them sweeps, the others stand by. */
export function openTime(ports: TimePorts, { fenceMs }: { fenceMs: number }): { close(): Promise<void> } {
  const holder = randomUUID()
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
      const waitMs = await tick(ports, holder, { fenceMs, looksForLost: performance.now() >= settledAt }).catch(
        (error: unknown) => {
          if (isDatabaseAway(error)) settledAt = performance.now() + SETTLE_MS
          if (!isQuietlyAway(error)) ports.report(error)
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
      await leaveTime(ports.sql, holder).catch((error: unknown) => {
        if (!isDatabaseAway(error)) throw error // then the lease ends by itself
      })
    },
  }
}

/** How long until there is something to do. */
async function tick(ports: TimePorts, holder: string, options: SweepOptions): Promise<number> {
  if (await keepTimeIfFree(ports.sql, holder, LEASE_SECONDS)) await keep(ports, options)
  const next = await runDueSchedules(ports, ports.now())
  if (next === null) return SWEEP_MS
  const waitMs = next.getTime() - ports.now().getTime()
  return Math.min(SWEEP_MS, waitMs > 0 ? waitMs : BESIDE_MS)
}

async function keep(ports: TimePorts, options: SweepOptions): Promise<void> {
  await sweep(ports, options, ports.now())
  await forgetOldCounts(ports.sql, FORGOTTEN_AT_ONCE)
  await ports.wakeUps.ring(await rescueBuilds(ports.sql, ports.now()))
}
