import { createHash } from 'node:crypto'
import type { AttemptId, JsonObject, LogId, ProjectId, TaskId } from '../../../src/brand.ts'
import { appendLog, closeLog, insertLog } from '../../../src/db/logs.ts'
import type { Database } from '../../../src/db/sql.ts'

const now = new Date('2026-03-28T06:00:00Z')
const one = <T>([row]: readonly T[]): T => {
  if (row === undefined) throw new Error('nothing was inserted')
  return row
}

const SAY: Record<string, Record<string, string>> = { '+say': { 'echo>': 'hi' } }

/** A project with one revision, v1, and a workflow for each of `workflows`, with an hourly schedule. */
export async function insertProject(
  sql: Database,
  { name = 'weather', workflows = ['daily'], timezone = 'Asia/Tokyo', config = SAY as JsonObject } = {},
): Promise<{ id: ProjectId; workflowIds: readonly string[]; revisionId: string }> {
  const { id } = one(
    await sql<
      { id: ProjectId }[]
    >`insert into projects (name, branch, created_at, next_revision) values (${name}, 'main', ${now}, 2) returning id`,
  )
  const digest = `sha256:${createHash('sha256').update(name).digest('hex')}`
  await sql`insert into sources values (${digest}, 10, 'q1w2e3==', ${now}) on conflict do nothing`
  const { id: revisionId } = one(
    await sql<{ id: string }[]>`
    insert into revisions (project_id, number, name, commit, message, source_digest, plan, created_at, created_by)
    values (${id}, 1, 'a1b2c3d4e5f6', 'a1b2c3d4e5f6', 'First', ${digest}, '{}', ${now}, 'ana') returning id`,
  )
  await sql`update projects set current_revision_id = ${revisionId} where id = ${id}`
  const workflowIds: string[] = []
  for (const workflow of workflows) {
    const row = one(
      await sql<{ id: string }[]>`
      insert into workflows (project_id, revision_id, name, timezone, config)
      values (${id}, ${revisionId}, ${workflow}, ${timezone}, ${sql.json(config as never)}) returning id`,
    )
    workflowIds.push(row.id)
    await sql`insert into schedules (project_id, workflow_id, workflow_name, next_run_at, next_session_time, created_at, updated_at)
      values (${id}, ${row.id}, ${workflow}, '2026-03-28T07:00:00Z', '2026-03-27T15:00:00Z', ${now}, ${now})`
  }
  return { id, workflowIds, revisionId }
}

/** An attempt of the project's first workflow; each call makes a session of its own unless `sessionTime` repeats. */
export async function insertAttempt(
  sql: Database,
  project: Awaited<ReturnType<typeof insertProject>>,
  {
    state = 'running',
    sessionTime = new Date(Date.UTC(2026, 2, 27, 15) + 1000 * hours++),
    params = {} as JsonObject,
  } = {},
): Promise<{ id: AttemptId; sessionId: string }> {
  const [workflowId] = project.workflowIds
  const { name } = one(await sql<{ name: string }[]>`select name from workflows where id = ${workflowId ?? ''}`)
  const { id: sessionId } = one(
    await sql<{ id: string }[]>`
    insert into sessions (project_id, workflow_name, session_time) values (${project.id}, ${name}, ${sessionTime})
    on conflict (project_id, workflow_name, session_time) do update set session_time = excluded.session_time returning id`,
  )
  const { index } = one(
    await sql<{ index: number }[]>`select count(*)::int + 1 as index from attempts where session_id = ${sessionId}`,
  )
  const { id } = one(
    await sql<{ id: AttemptId }[]>`
    insert into attempts (session_id, project_id, workflow_id, revision_id, index, retry_name, params, started_by, state, created_at, finished_at)
    values (${sessionId}, ${project.id}, ${workflowId ?? ''}, ${project.revisionId}, ${index}, ${index === 1 ? '' : `retry-${index}`},
      ${sql.json(params as never)}, 'ana', ${state}, ${now}, ${state === 'running' ? null : now}) returning id`,
  )
  await sql`update sessions set last_attempt_id = ${id} where id = ${sessionId}`
  return { id, sessionId }
}
let hours = 0

/** A task that has started once, with its log. */
export async function insertTask(
  sql: Database,
  attemptId: AttemptId,
  { fullName = '+daily+say', state = 'success' } = {},
): Promise<{ id: TaskId; logId: LogId }> {
  const worker = one(
    await sql<{ id: string }[]>`
    insert into workers (name, host, pid, executor, slots, queues, started_at, heard_at) values ('host/1', 'host', 1, 'process', 4, '{default}', ${now}, ${now})
    on conflict (name) do update set heard_at = excluded.heard_at returning id`,
  )
  const logId = await insertLog(sql)
  const lease = state === 'running' ? now : null
  const { id } = one(
    await sql<{ id: TaskId }[]>`
    insert into tasks (attempt_id, full_name, kind, config, static_export, is_initial, is_retryable, state, epoch, worker_id, lease_until, log_id, started_at, changed_at)
    values (${attemptId}, ${fullName}, 'operator', '{"echo>":"hi"}', '{"who":"ana"}', true, true, ${state}, 1, ${worker.id}, ${lease}, ${logId}, ${now}, ${now}) returning id`,
  )
  await sql`insert into task_runs (task_id, epoch, worker_id, log_id, started_at) values (${id}, 1, ${worker.id}, ${logId}, ${now})`
  return { id, logId }
}

/** A deploy that made the project's revision, with its log. */
export async function insertLiveDeploy(
  sql: Database,
  project: Awaited<ReturnType<typeof insertProject>>,
): Promise<string> {
  const logId = await insertLog(sql)
  await appendLog(sql, logId, Buffer.from('=====> live\n'), now)
  await closeLog(sql, logId, now)
  const { id: deliveryId } = one(
    await sql<{ id: string }[]>`
    insert into deliveries (project_id, kind, state, received_at, settled_at) values (${project.id}, 'push', 'deployed', ${now}, ${now}) returning id`,
  )
  const deploy = one(
    await sql<{ id: string }[]>`
    insert into deploys (project_id, delivery_id, branch, new_commit, state, log_id, revision_id, created_at, finished_at)
    values (${project.id}, ${deliveryId}, 'main', 'a1b2c3d4e5f6', 'live', ${logId}, ${project.revisionId}, ${now}, ${now}) returning id`,
  )
  return deploy.id
}
