import type { JsonObject, ProjectId, ScheduleId, WorkflowId } from '../brand.ts'
import { firstDue, nextDue, readSchedule } from '../workflow/schedule.ts'
import type { Schedule } from '../workflow/workflow.ts'
import { jsonText, type Sql } from './sql.ts'

/** When a schedule has come to its end; Digdag's word for never. */
export const NEVER = new Date('9999-01-01T00:00:00Z')

/** One line of a deploy's log: a schedule came, went, or is written otherwise. */
export type ScheduleChange = {
  readonly sign: '+' | '-' | '~'
  readonly workflowName: string
  readonly before: Schedule | null
  readonly after: Schedule | null
  /** Null: never, or it was removed. */
  readonly nextRunAt: Date | null
  /** It is switched off: nothing of it starts. */
  readonly isOff: boolean
}

type ScheduledWorkflow = {
  readonly workflowId: WorkflowId
  readonly name: string
  readonly schedule: Schedule | null
}

type Row = {
  readonly id: ScheduleId
  readonly name: string
  readonly lastSessionTime: Date | null
  readonly isOff: boolean
  readonly config: JsonObject
  readonly timezone: string
}

type NewSchedules = {
  readonly projectId: ProjectId
  readonly workflows: readonly ScheduledWorkflow[]
  readonly startOff: boolean
  /** New schedules begin here. */
  readonly from: Date
  /** Workflows whose schedules begin anew, too. */
  readonly clear: 'all' | readonly string[]
  readonly now: Date
}

/** Points a project's schedules to its new revision: one that stays keeps its id, whether it is disabled, and where it had come to, as in Digdag. A new one is disabled with `startOff`. */
export async function syncSchedules(tx: Sql, { workflows, ...wish }: NewSchedules): Promise<readonly ScheduleChange[]> {
  const rows = await tx<Row[]>`
    select schedules.id, workflow_name as name, last_session_time as "lastSessionTime", disabled_at is not null as "isOff", config, timezone
    from schedules join workflows on workflows.id = workflow_id
    where schedules.project_id = ${wish.projectId} order by workflow_name for update of schedules`
  const changes: ScheduleChange[] = []
  for (const workflow of workflows) {
    const row = rows.find(({ name }) => name === workflow.name)
    const change = await putSchedule(tx, wish, workflow, row)
    if (change !== null) changes.push(change)
  }
  const wanted = new Set(workflows.filter(({ schedule }) => schedule !== null).map(({ name }) => name))
  for (const row of rows.filter(({ name }) => !wanted.has(name))) {
    await tx`delete from schedules where id = ${row.id}`
    const before = writtenOf(row)
    changes.push({ sign: '-', workflowName: row.name, before, after: null, nextRunAt: null, isOff: row.isOff })
  }
  return changes
}

const writtenOf = ({ config, timezone }: Row) => readSchedule(config.schedule ?? null, timezone)

async function putSchedule(
  tx: Sql,
  { projectId, startOff, from, clear, now }: Omit<NewSchedules, 'workflows'>,
  { workflowId, name, schedule }: ScheduledWorkflow,
  row: Row | undefined,
): Promise<ScheduleChange | null> {
  if (schedule === null) return null
  const isCleared = clear === 'all' || clear.includes(name)
  const last = isCleared ? null : (row?.lastSessionTime ?? null)
  const due = last === null ? firstDue(schedule, from) : nextDue(schedule, last)
  const { runAt, sessionTime } = due ?? { runAt: NEVER, sessionTime: NEVER }
  await tx`
    insert into schedules (project_id, workflow_id, workflow_name, next_run_at, next_session_time, disabled_at, created_at, updated_at)
    values (${projectId}, ${workflowId}, ${name}, ${runAt}, ${sessionTime}, ${startOff ? now : null}, ${now}, ${now})
    on conflict (project_id, workflow_name) do update set workflow_id = excluded.workflow_id,
      next_run_at = excluded.next_run_at, next_session_time = excluded.next_session_time, last_session_time = ${last}, updated_at = excluded.updated_at`
  const nextRunAt = due?.runAt ?? null
  if (row === undefined)
    return { sign: '+', workflowName: name, before: null, after: schedule, nextRunAt, isOff: startOff }
  const before = writtenOf(row)
  const isSame = JSON.stringify(before) === JSON.stringify(schedule)
  return isSame ? null : { sign: '~', workflowName: name, before, after: schedule, nextRunAt, isOff: row.isOff }
}

/** Gives how many were on. */
export async function disableAllSchedules(sql: Sql, now: Date): Promise<number> {
  const { count } = await sql`update schedules set disabled_at = ${now}, updated_at = ${now} where disabled_at is null`
  return count
}

export type DueSchedule = {
  readonly id: ScheduleId
  readonly projectId: ProjectId
  readonly workflowId: WorkflowId
  readonly workflowName: string
  readonly runAt: Date
  readonly sessionTime: Date
  readonly lastSessionTime: Date | null
  readonly config: JsonObject
  readonly timezone: string
}

/** Those that wait longest, locked; what another web works on is passed over. */
export async function lockDueSchedules(sql: Sql, limit: number, now: Date): Promise<readonly DueSchedule[]> {
  return sql<DueSchedule[]>`
    select schedules.id, schedules.project_id as "projectId", workflow_id as "workflowId", workflow_name as "workflowName",
      next_run_at as "runAt", next_session_time as "sessionTime", last_session_time as "lastSessionTime", config, timezone
    from schedules join workflows on workflows.id = workflow_id
    where next_run_at <= ${now} and disabled_at is null and held_at is null
    order by next_run_at, schedules.id limit ${limit} for update of schedules skip locked`
}

/** Each to the session that is next; `lastSessionTime` is the last one that was started. */
export async function moveSchedulesOn(sql: Sql, moved: readonly DueSchedule[], now: Date): Promise<void> {
  const rows = moved.map(({ id, runAt, sessionTime, lastSessionTime }) => ({ id, runAt, sessionTime, lastSessionTime }))
  await sql`
    update schedules set next_run_at = row."runAt", next_session_time = row."sessionTime", last_session_time = row."lastSessionTime", updated_at = ${now}
    from json_to_recordset(${jsonText(rows)}::text::json) as row (id bigint, "runAt" timestamptz, "sessionTime" timestamptz, "lastSessionTime" timestamptz)
    where schedules.id = row.id`
}

/** The same session, later; unless it has gone on meanwhile. */
export async function postponeSchedule(sql: Sql, { id, sessionTime }: DueSchedule, until: Date): Promise<void> {
  await sql`update schedules set next_run_at = ${until} where id = ${id} and next_session_time = ${sessionTime}`
}

/** It missed more than is made up by itself: a person enables or skips it. */
export async function holdSchedule(sql: Sql, id: ScheduleId, now: Date): Promise<void> {
  await sql`update schedules set held_at = ${now}, updated_at = ${now} where id = ${id} and held_at is null`
}

export async function findNextRunAt(sql: Sql): Promise<Date | null> {
  const [row] = await sql<[{ at: Date | null }]>`
    select min(next_run_at) as at from schedules where disabled_at is null and held_at is null`
  return row.at
}

/** A session of the workflow whose last attempt still runs and was not asked to stop (as in Digdag). */
export async function hasRunningSession(
  sql: Sql,
  { projectId, workflowName }: { projectId: ProjectId; workflowName: string },
): Promise<boolean> {
  const rows = await sql`
    select from attempts join sessions on sessions.last_attempt_id = attempts.id
    where attempts.state = 'running' and cancel_requested_at is null and sessions.project_id = ${projectId} and workflow_name = ${workflowName} limit 1`
  return rows.length > 0
}
