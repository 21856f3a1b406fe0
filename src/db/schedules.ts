import type { JsonObject, ProjectId, ScheduleId, WorkflowId } from '../brand.ts'
import { dueAfterPush } from '../workflow/due-after-push.ts'
import { NEVER, readSchedule } from '../workflow/schedule.ts'
import { readPolicy } from '../workflow/schedule-policy.ts'
import type { Schedule } from '../workflow/workflow.ts'
import { environmentOf } from './installation.ts'
import type { Sql } from './sql.ts'

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
  /** It runs in these environments, and this is none of them; null: it runs here. */
  readonly elsewhere: readonly string[] | null
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
  readonly nextSessionTime: Date
  readonly isOff: boolean
  readonly config: JsonObject
  readonly timezone: string
}

type NewSchedules = {
  readonly projectId: ProjectId
  readonly workflows: readonly ScheduledWorkflow[]
  /** New ones are switched off, unless they say that they run here. */
  readonly startOff: boolean
  /** New schedules begin here. */
  readonly from: Date
  /** Workflows whose schedules begin anew, too. */
  readonly clear: 'all' | readonly string[]
  readonly now: Date
}

/** Points a project's schedules to its new revision: one that stays keeps its id, whether it is disabled, and where it had come to, as in Digdag. */
export async function syncSchedules(tx: Sql, { workflows, ...wish }: NewSchedules): Promise<readonly ScheduleChange[]> {
  const rows = await tx<Row[]>`
    select schedules.id, workflow_name as name, last_session_time as "lastSessionTime", next_session_time as "nextSessionTime",
      disabled_at is not null as "isOff", config, timezone
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
    changes.push({
      sign: '-',
      workflowName: row.name,
      before,
      after: null,
      nextRunAt: null,
      isOff: row.isOff,
      elsewhere: null,
    })
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
  const before = row === undefined ? null : writtenOf(row)
  const isCleared = clear === 'all' || clear.includes(name)
  const standing = row === undefined || isCleared ? null : { ...row, schedule: before }
  const due = dueAfterPush(schedule, standing, from)
  const { runAt, sessionTime } = due ?? { runAt: NEVER, sessionTime: NEVER }
  const { environments, overlap } = readPolicy(schedule.options)
  const waits = overlap === 'queue' || overlap === 'replace'
  const startsOff = startOff && environments === null
  const [stored] = await tx<[{ elsewhere: readonly string[] | null }]>`
    insert into schedules (project_id, workflow_id, workflow_name, next_run_at, next_session_time, environments, disabled_at, created_at, updated_at)
    values (${projectId}, ${workflowId}, ${name}, ${runAt}, ${sessionTime}, ${environments === null ? null : [...environments]}, ${startsOff ? now : null}, ${now}, ${now})
    on conflict (project_id, workflow_name) do update set workflow_id = excluded.workflow_id, environments = excluded.environments,
      next_run_at = excluded.next_run_at, next_session_time = excluded.next_session_time, last_session_time = ${standing?.lastSessionTime ?? null},
      held_at = case when ${isCleared} then null else schedules.held_at end,
      waiting_since = case when ${waits} and schedules.next_session_time = excluded.next_session_time then schedules.waiting_since end,
      refused_because = null, updated_at = excluded.updated_at
    returning ${elsewhere(tx)} as elsewhere`
  const change = { workflowName: name, after: schedule, nextRunAt: due?.runAt ?? null, ...stored }
  if (row === undefined) return { ...change, sign: '+', before: null, isOff: startsOff }
  const isSame = JSON.stringify(before) === JSON.stringify(schedule)
  return isSame ? null : { ...change, sign: '~', before, isOff: row.isOff }
}

/** Where a schedule runs when that is not here, in SQL; null: it runs here. */
export const elsewhere = (sql: Sql) =>
  sql`case when ${environmentOf(sql)} <> all(schedules.environments) then schedules.environments end`

/** Gives how many were on. */
export async function disableAllSchedules(sql: Sql, now: Date): Promise<number> {
  const { count } = await sql`update schedules set disabled_at = ${now}, updated_at = ${now} where disabled_at is null`
  return count
}
