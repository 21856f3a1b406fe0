import type { JsonObject, ProjectId, ScheduleId, WorkflowId } from '../../brand.ts'
import type { SkipReason } from '../../workflow/plan-sessions.ts'
import type { Due } from '../../workflow/workflow.ts'
import { elsewhere } from '../schedules.ts'
import type { Sql } from '../sql.ts'

export type ScheduleRow = {
  readonly id: ScheduleId
  readonly projectId: ProjectId
  readonly projectName: string
  readonly workflowId: WorkflowId
  readonly workflowName: string
  readonly timezone: string
  readonly nextRunAt: Date
  readonly nextSessionTime: Date
  readonly disabledAt: Date | null
  /** Sessions were missed, and wait for a person. */
  readonly heldAt: Date | null
  /** Its next session waits until no attempt of the workflow runs. */
  readonly waitingSince: Date | null
  /** Its next session could not be started when that was last tried; it is tried again. */
  readonly refusedBecause: string | null
  /** Where it runs when that is not here. */
  readonly elsewhere: readonly string[] | null
  /** The newest that was left out. */
  readonly lastSkip: { readonly sessionTime: string; readonly because: SkipReason; readonly skippedAt: string } | null
  readonly createdAt: Date
}

export type SchedulePage = {
  readonly projectId?: ProjectId | undefined
  readonly workflow?: string | undefined
  readonly lastId: string
}

/** By id ascending, after `lastId`, at most 100. */
export function listSchedules(
  sql: Sql,
  { projectId, workflow, lastId }: SchedulePage,
): Promise<readonly ScheduleRow[]> {
  return sql<ScheduleRow[]>`${columns(sql)}
    where p.deleted_at is null and schedules.id > ${lastId}
      ${projectId === undefined ? sql`` : sql`and schedules.project_id = ${projectId}`}
      ${workflow === undefined ? sql`` : sql`and schedules.workflow_name = ${workflow}`}
    order by schedules.id limit 100`
}

export async function findSchedule(sql: Sql, id: string): Promise<ScheduleRow | undefined> {
  const [schedule] = await sql<ScheduleRow[]>`${columns(sql)} where schedules.id = ${id} and p.deleted_at is null`
  return schedule
}

/** Undefined: there is no such schedule. It keeps its place: what comes due meanwhile waits. */
export async function disableSchedule(sql: Sql, id: string, now: Date): Promise<ScheduleRow | undefined> {
  const [schedule] = await sql<ScheduleRow[]>`
    with schedules as (
      update schedules set disabled_at = coalesce(disabled_at, ${now}), updated_at = ${now} where id = ${id} returning *
    )
    ${columns(sql)} where p.deleted_at is null`
  return schedule
}

/** As it is written now, and so it stays until the transaction has ended. */
export async function lockSchedule(
  tx: Sql,
  id: string,
): Promise<{ readonly config: JsonObject; readonly timezone: string } | undefined> {
  // Locked first, and read then: who waited for a push and read in one statement would look for the workflow of before it.
  await tx`select from schedules where id = ${id} for update`
  const [written] = await tx<[{ config: JsonObject; timezone: string }]>`
    select config, timezone from schedules join workflows on workflows.id = workflow_id join projects on projects.id = schedules.project_id
    where schedules.id = ${id} and deleted_at is null`
  return written
}

/** Undefined: there is no such schedule. From `next` on; as it stands, one that was held makes up all it has missed, however much that is. */
export async function goOnWithSchedule(
  sql: Sql,
  id: string,
  next: Due | 'as it stands',
  now: Date,
): Promise<ScheduleRow | undefined> {
  const due = next === 'as it stands' ? null : next
  const [schedule] = await sql<ScheduleRow[]>`
    with schedules as (
      update schedules set disabled_at = null, held_at = null, made_up = 0, updated_at = ${now},
        make_up_until = case when held_at is null then make_up_until else ${now}::timestamptz end,
        waiting_since = case when ${due === null} then waiting_since end,
        refused_because = case when ${due === null} then refused_because end,
        next_run_at = coalesce(${due?.runAt ?? null}, next_run_at),
        next_session_time = coalesce(${due?.sessionTime ?? null}, next_session_time)
      where id = ${id} returning *
    )
    ${columns(sql)} where p.deleted_at is null`
  return schedule
}

const columns = (sql: Sql) => sql`
  select schedules.id, p.id as "projectId", p.name as "projectName", w.id as "workflowId", w.name as "workflowName", w.timezone,
    schedules.next_run_at as "nextRunAt", schedules.next_session_time as "nextSessionTime", schedules.disabled_at as "disabledAt",
    schedules.held_at as "heldAt", schedules.waiting_since as "waitingSince", schedules.refused_because as "refusedBecause", ${elsewhere(sql)} as elsewhere, schedules.created_at as "createdAt",
    (select json_build_object('sessionTime', session_time, 'because', because, 'skippedAt', skipped_at)
      from skipped_sessions where schedule_id = schedules.id order by session_time desc limit 1) as "lastSkip"
  from schedules join projects p on p.id = schedules.project_id join workflows w on w.id = schedules.workflow_id`
