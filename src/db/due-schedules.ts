import type { AttemptId, JsonObject, ProjectId, ScheduleId, WorkflowId } from '../brand.ts'
import { type Running, SKIPS_KEPT, type Skip, type Standing } from '../workflow/plan-sessions.ts'
import { elsewhere } from './schedules.ts'
import { jsonText, type Sql } from './sql.ts'

export type DueSchedule = Standing & {
  readonly id: ScheduleId
  readonly projectId: ProjectId
  readonly workflowId: WorkflowId
  readonly workflowName: string
  readonly config: JsonObject
  readonly timezone: string
}

/** Those that wait longest, locked; what another web works on is passed over. One that waits for attempts of its workflow is due when none is left. */
export async function lockDueSchedules(sql: Sql, limit: number, now: Date): Promise<readonly DueSchedule[]> {
  return sql<DueSchedule[]>`
    select schedules.id, schedules.project_id as "projectId", workflow_id as "workflowId", workflow_name as "workflowName",
      next_run_at as "runAt", next_session_time as "sessionTime", last_session_time as "lastSessionTime",
      waiting_since as "waitingSince", made_up as "madeUp", make_up_until as "makeUpUntil", config, timezone
    from schedules join workflows on workflows.id = workflow_id
    where next_run_at <= ${now} and disabled_at is null and held_at is null and ${runsHere(sql)}
      and (waiting_since is null or not ${runs(sql)})
    order by next_run_at, schedules.id limit ${limit} for update of schedules skip locked`
}

const runsHere = (sql: Sql) => sql`${elsewhere(sql)} is null`

const runs = (sql: Sql) => sql`exists (
  select from attempts join sessions on sessions.id = session_id
  where attempts.state = 'running' and attempts.project_id = schedules.project_id and sessions.workflow_name = schedules.workflow_name)`

type Moved = DueSchedule & { readonly refusedBecause: string | null }

/** Each to where it has come now. */
export async function moveSchedulesOn(sql: Sql, moved: readonly Moved[], now: Date): Promise<void> {
  const rows = moved.map(({ id, runAt, sessionTime, lastSessionTime, waitingSince, madeUp, refusedBecause }) => {
    return { id, runAt, sessionTime, lastSessionTime, waitingSince, madeUp, refusedBecause }
  })
  await sql`
    update schedules set next_run_at = row."runAt", next_session_time = row."sessionTime", last_session_time = row."lastSessionTime",
      waiting_since = row."waitingSince", made_up = row."madeUp", refused_because = row."refusedBecause", updated_at = ${now}
    from json_to_recordset(${jsonText(rows)}::text::json) as row (id bigint, "runAt" timestamptz, "sessionTime" timestamptz,
      "lastSessionTime" timestamptz, "waitingSince" timestamptz, "madeUp" int, "refusedBecause" text)
    where schedules.id = row.id`
}

export type ScheduleSkip = Skip & { readonly scheduleId: ScheduleId }

/** Of each schedule the last ones stay. */
export async function insertSkips(sql: Sql, skips: readonly ScheduleSkip[], now: Date): Promise<void> {
  await sql`
    insert into skipped_sessions (schedule_id, session_time, because, skipped_at)
    select "scheduleId", "sessionTime", because, ${now}
    from json_to_recordset(${jsonText(skips)}::text::json) as row ("scheduleId" bigint, "sessionTime" timestamptz, because text)
    on conflict (schedule_id, session_time) do update set because = excluded.because, skipped_at = excluded.skipped_at`
  const ids = [...new Set(skips.map(({ scheduleId }) => scheduleId))]
  await sql`
    delete from skipped_sessions using (
      select schedule_id, session_time, row_number() over (partition by schedule_id order by session_time desc) as place
      from skipped_sessions where schedule_id = any(${ids}::bigint[])
    ) as ranked
    where ranked.place > ${SKIPS_KEPT} and skipped_sessions.schedule_id = ranked.schedule_id and skipped_sessions.session_time = ranked.session_time`
}

/** The same session, later, for a reason that is told elsewhere; unless it has gone on meanwhile. */
export async function postponeSchedule(sql: Sql, { id, sessionTime }: DueSchedule, until: Date): Promise<void> {
  await sql`
    update schedules set next_run_at = ${until}, refused_because = null where id = ${id} and next_session_time = ${sessionTime}`
}

/** A person enables or skips it. */
export async function holdSchedule(sql: Sql, id: ScheduleId, now: Date): Promise<void> {
  await sql`update schedules set held_at = ${now}, updated_at = ${now} where id = ${id} and held_at is null`
}

/** Those that wait for attempts of their workflow are looked at again and again. */
export async function findNextRunAt(sql: Sql): Promise<Date | null> {
  const [row] = await sql<[{ at: Date | null }]>`
    select min(next_run_at) as at from schedules
    where disabled_at is null and held_at is null and waiting_since is null and ${runsHere(sql)}`
  return row.at
}

/** Attempts of the workflow that have not ended. */
export async function listRunning(
  sql: Sql,
  { projectId, workflowName }: Pick<DueSchedule, 'projectId' | 'workflowName'>,
): Promise<Running & { readonly ids: readonly AttemptId[] }> {
  const rows = await sql<{ id: AttemptId; isAtIt: boolean }[]>`
    select attempts.id, last_attempt_id = attempts.id and cancel_requested_at is null as "isAtIt"
    from attempts join sessions on sessions.id = session_id
    where attempts.state = 'running' and attempts.project_id = ${projectId} and workflow_name = ${workflowName} order by attempts.id`
  return { isAny: rows.length > 0, isAtIt: rows.some(({ isAtIt }) => isAtIt), ids: rows.map(({ id }) => id) }
}
