import type { ProjectId } from '../brand.ts'
import { type ScheduleChange, type ScheduledWorkflow, syncSchedules } from '../db/schedules.ts'
import type { Sql } from '../db/sql.ts'
import type { Schedule } from '../workflow/workflow.ts'
import { formatInZone, readZone } from '../workflow/zone.ts'

/** Points a project's schedules to its new revision, and says what that changes: a line each. */
export async function syncScheduleLines(
  tx: Sql,
  revision: { readonly projectId: ProjectId; readonly workflows: readonly ScheduledWorkflow[] },
  now: Date,
): Promise<readonly string[]> {
  return (await syncSchedules(tx, { ...revision, now })).map(scheduleLine)
}

/** `+ hourly  hourly> 05:00 UTC, next 2026-03-28 14:05` */
export function scheduleLine({ sign, workflowName, before, after, nextRunAt }: ScheduleChange): string {
  const written = [before, after].filter((one) => one !== null).map(shown)
  return `${sign} ${workflowName}  ${written.join(' -> ')}${after === null ? '' : `, ${nextOf(after, nextRunAt)}`}`
}

const shown = ({ kind, at, timezone }: Schedule) => `${kind}> ${at} ${timezone}`

function nextOf({ timezone }: Schedule, at: Date | null): string {
  if (at === null) return 'never again'
  const zone = readZone(timezone) ?? { id: 'UTC', fixedMinutes: 0 }
  return `next ${formatInZone(zone, at.getTime()).slice(0, 16).replace('T', ' ')}`
}
