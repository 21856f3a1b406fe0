import type { ScheduleId } from '../brand.ts'
import { goOnWithSchedule, lockSchedule, type ScheduleRow } from '../db/api/schedules.ts'
import type { Database } from '../db/sql.ts'
import { Refusal } from '../refusal.ts'
import { firstDue, NEVER, readSchedule } from '../workflow/schedule.ts'

/** What becomes of the sessions that were missed: all are made up, or those that were due before a time are left out. */
export type Missed = { readonly kind: 'make up' } | { readonly kind: 'leave out'; readonly before: Date }

/** Switches a schedule on, or lets one go on that was held. Enabled twice is as good as once. */
export async function enableSchedule(sql: Database, id: ScheduleId, missed: Missed, now: Date): Promise<ScheduleRow> {
  return sql.begin(async (tx) => {
    const locked = await lockSchedule(tx, id)
    const written = locked === undefined ? null : readSchedule(locked.config.schedule ?? null, locked.timezone)
    if (written === null) throw noSchedule(id)
    const due = missed.kind === 'make up' ? 'as it stands' : (firstDue(written, missed.before) ?? ENDED)
    const enabled = await goOnWithSchedule(tx, id, due, now)
    if (enabled === undefined) throw noSchedule(id)
    return enabled
  })
}

const ENDED = { runAt: NEVER, sessionTime: NEVER }

export const noSchedule = (id: string) =>
  new Refusal('not_found', `Resource does not exist: schedule id=${id}`, 'List what there is: sluice schedules')
