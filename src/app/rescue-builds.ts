import { type LostBuilds, listQueuedBuilds, requeueLostBuilds } from '../db/builds.ts'
import { appendLog, closeLog } from '../db/logs.ts'
import type { Database } from '../db/sql.ts'
import type { Ring } from '../queue/wake-ups.ts'
import { BUILD_QUEUE } from './require-image.ts'

/** A build that took down its worker, or was too much for an engine, as often as this is not tried again. */
export const MAX_STARTS = 3
const MAX_RINGS = 100

/** For the sweep: queues again what a lost worker was building, and tells what to ring for. Idempotent. */
export async function rescueBuilds(sql: Database, now: Date): Promise<readonly Ring[]> {
  await requeue(sql, 'lapsed', now)
  const queued = await listQueuedBuilds(sql, MAX_RINGS)
  return queued.map(({ id, epoch }) => ({ kind: 'build', id, epoch, queue: BUILD_QUEUE }))
}

/** For a worker that starts: nothing runs under its name yet, so what is leased to it was left by the one before. A write of that one, should it live after all, is fenced off by the epoch of the next claim. */
export async function rescueBuildsOf(sql: Database, workerId: string, now: Date): Promise<void> {
  await requeue(sql, { workerId }, now)
}

async function requeue(sql: Database, lost: LostBuilds, now: Date): Promise<void> {
  await sql.begin(async (tx) => {
    for (const { logId, state } of await requeueLostBuilds(tx, lost, MAX_STARTS, now)) {
      const then = state === 'queued' ? 'the next one builds this from the start' : 'it is not tried again'
      await appendLog(tx, logId, Buffer.from(`The worker that built this has gone: ${then}\n`), now)
      if (state === 'error') await closeLog(tx, logId, now)
    }
  })
}
