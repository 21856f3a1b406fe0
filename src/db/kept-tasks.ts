import { graft, type KeptTask, type OldTask } from '../attempt/resume.ts'
import type { AttemptId } from '../brand.ts'
import type { PlannedTask } from '../workflow/tree.ts'
import { jsonText, type Sql } from './sql.ts'

/** All tasks of an attempt, by id, as far as a resumed one needs them. */
export async function listOldTasks(sql: Sql, attemptId: AttemptId): Promise<readonly OldTask[]> {
  return sql<OldTask[]>`
    select id, parent_id as "parentId", full_name as "fullName", kind, state, is_superseded as "isSuperseded",
      upstreams::text[] as upstreams, config, static_export as exports, store_params as store, export_params as export, reset_params as reset
    from tasks where attempt_id = ${attemptId} order by id`
}

export async function insertKeptTasks(sql: Sql, attemptId: AttemptId, kept: readonly KeptTask[]): Promise<void> {
  const rows = kept.map(({ id, fullName }) => ({ id, fullName }))
  if (rows.length === 0) return
  await sql`
    insert into kept_tasks (attempt_id, full_name, task_id)
    select ${attemptId}, row."fullName", row.id
    from json_to_recordset(${jsonText(rows)}::text::json) as row (id bigint, "fullName" text)`
}

/** What a resumed attempt need not run again of these generated tasks. Taken once: when a retry generates them again, they run. */
export async function takeKeptTasks(
  sql: Sql,
  attemptId: AttemptId,
  planned: readonly PlannedTask[],
): Promise<{ tasks: readonly PlannedTask[]; kept: ReadonlyMap<string, KeptTask> }> {
  const [first] = planned
  if (first === undefined || !first.fullName.endsWith('^sub')) return { tasks: planned, kept: new Map() }
  const rows = await sql<OldTask[]>`
    with taken as (
      delete from kept_tasks where attempt_id = ${attemptId} and starts_with(full_name, ${first.fullName}) returning task_id
    )
    select id, parent_id as "parentId", full_name as "fullName", kind, state, is_superseded as "isSuperseded",
      upstreams::text[] as upstreams, config, static_export as exports, store_params as store, export_params as export, reset_params as reset
    from tasks join taken on id = task_id order by id`
  if (rows.length === 0) return { tasks: planned, kept: new Map() }
  const { tasks, kept, left } = graft(planned, new Map(rows.map((row) => [row.fullName, row])))
  await insertKeptTasks(sql, attemptId, left)
  return { tasks, kept }
}
