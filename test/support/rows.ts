import type { AttemptId, JsonObject, LogId, ProjectId, TaskId, WorkflowId } from '../../src/brand.ts'
import { appendLog, closeLog, insertLog } from '../../src/db/logs.ts'
import { jsonText, type Sql } from '../../src/db/sql.ts'

/** Rows as the product would have written them, for pages and queries. Times are minutes before `now`. */
export function rowsOf(sql: Sql, now: Date) {
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000)
  const digest = `sha256:${'a'.repeat(64)}`

  async function project(name: string, { revisions = 1, workflows = ['daily_sync'], config = {} as JsonObject } = {}) {
    await sql`insert into sources (digest, bytes, md5, created_at) values (${digest}, 10, 'x', ${now}) on conflict do nothing`
    const [{ id }] = await sql<[{ id: ProjectId }]>`
      insert into projects (name, branch, created_at, next_revision) values (${name}, 'main', ${ago(9999)}, ${revisions + 1}) returning id`
    let newest = { id: '', workflows: new Map<string, WorkflowId>() }
    for (let number = 1; number <= revisions; number++)
      newest = await revision(id, number, workflows, config, revisions - number)
    await sql`update projects set current_revision_id = ${newest.id} where id = ${id}`
    return { id, name, revisionId: newest.id, workflows: newest.workflows }
  }

  async function revision(
    projectId: ProjectId,
    number: number,
    names: readonly string[],
    config: JsonObject,
    age: number,
  ) {
    const commit = number.toString(16).padStart(2, '0').repeat(20)
    const [{ id }] = await sql<[{ id: string }]>`
      insert into revisions (project_id, number, name, commit, message, author, source_digest, plan, created_at, created_by)
      values (${projectId}, ${number}, ${commit.slice(0, 12)}, ${commit}, ${`Keep raw readings for ${number * 24} h`}, 'Tomas Lind', ${digest}, ${sql.json({ kind: 'python' })}, ${ago(60 + age * 1440)}, 'admin')
      returning id`
    const workflows = new Map<string, WorkflowId>()
    for (const name of names) {
      const [row] = await sql<
        [{ id: WorkflowId }]
      >`insert into workflows (project_id, revision_id, name, timezone, config)
        values (${projectId}, ${id}, ${name}, 'Europe/Berlin', ${jsonText(config)}::text::json) returning id`
      workflows.set(name, row.id)
    }
    return { id, workflows }
  }

  type Of = { id: ProjectId; revisionId: string; workflows: ReadonlyMap<string, WorkflowId> }

  async function attempt(
    of: Of,
    workflow: string,
    {
      state = 'running',
      started = 10,
      minutes = 5,
      session = started,
    }: { state?: string; started?: number; minutes?: number; session?: number } = {},
  ) {
    const sessionTime = new Date(Math.floor(ago(session).getTime() / 60_000) * 60_000)
    const [{ id: sessionId }] = await sql<[{ id: string }]>`
      insert into sessions (project_id, workflow_name, session_time) values (${of.id}, ${workflow}, ${sessionTime})
      on conflict (project_id, workflow_name, session_time) do update set session_time = excluded.session_time returning id`
    const finished = state === 'running' ? null : ago(started - minutes)
    const [{ id }] = await sql<[{ id: AttemptId }]>`
      insert into attempts (session_id, project_id, workflow_id, revision_id, index, retry_name, started_by, state, created_at, finished_at, params)
      select ${sessionId}, ${of.id}, ${of.workflows.get(workflow) ?? ''}, ${of.revisionId}, count(*) + 1, 'n' || count(*), 'schedule', ${state}, ${ago(started)}, ${finished}, ${sql.json({ region: 'eu', window: '48h' })}
      from attempts where session_id = ${sessionId} returning id`
    await sql`update sessions set last_attempt_id = ${id} where id = ${sessionId}`
    return { id, sessionId }
  }

  async function worker(name: string, { slots = 4, queues = ['default'], silent = 0 } = {}) {
    const [{ id }] = await sql<[{ id: string }]>`
      insert into workers (name, host, pid, executor, engine, slots, queues, started_at, heard_at, processed, failed)
      values (${name}, ${name}, 4711, 'docker', '20.10.24', ${slots}, ${[...queues]}, ${ago(60 * 24)}, ${ago(silent)}, 8412, 31) returning id`
    return id
  }

  type TaskFields = {
    name: string
    parent?: TaskId | null
    kind?: 'group' | 'operator'
    state?: string
    after?: readonly TaskId[]
    started?: number | null
    minutes?: number
    tries?: number
    worker?: string
    queue?: string
    error?: string
    cause?: string
    log?: string
  }

  async function task(attemptId: AttemptId, fields: TaskFields): Promise<{ id: TaskId; logId: LogId | null }> {
    const {
      name,
      parent = null,
      kind = 'operator',
      state = 'success',
      after = [],
      started = null,
      minutes = 1,
      tries = 1,
    } = fields
    const { queue = 'default', error, cause = null, log } = fields
    const workerId = started === null || kind === 'group' ? null : (fields.worker ?? null)
    const isOpen = state === 'running'
    const logId = workerId === null ? null : await insertLog(sql)
    if (logId !== null && log !== undefined) await appendLog(sql, logId, Buffer.from(log), ago(started ?? 0))
    if (logId !== null && !isOpen) await closeLog(sql, logId, now)
    const end = started === null ? now : ago(started - minutes * tries)
    const [row] = await sql<[{ id: TaskId }]>`
      insert into tasks (attempt_id, parent_id, full_name, kind, config, is_initial, is_retryable, state, upstreams, worker_id, lease_until, log_id,
        error, exit_cause, ready_at, started_at, changed_at, starts, queue, retry_at)
      values (${attemptId}, ${parent}, ${name}, ${kind}, '{}', true, false, ${state}, ${[...after]}::bigint[], ${workerId}, ${isOpen ? now : null}, ${logId},
        ${error === undefined ? null : sql.json({ message: error })}, ${cause}, ${state === 'blocked' ? null : ago(started ?? 1)}, ${started === null ? null : ago(started)}, ${end}, ${tries}, ${queue},
        ${state === 'retry_waiting' ? ago(-2) : null})
      returning id`
    if (workerId !== null && logId !== null && started !== null)
      for (let index = 0; index < tries; index++)
        await sql`insert into task_runs (task_id, epoch, worker_id, log_id, started_at, finished_at, outcome)
          values (${row.id}, ${index + 1}, ${workerId}, ${logId}, ${ago(started - minutes * index)}, ${isOpen && index === tries - 1 ? null : ago(started - minutes * (index + 0.85))}, ${index < tries - 1 ? 'retry' : state})`
    await sql`update attempts set task_count = task_count + 1 where id = ${attemptId}`
    return { id: row.id, logId }
  }

  type DeployFields = { state: string; kind?: 'push' | 'webhook'; problem?: string; log?: string }

  async function deploy(of: Of, { state, kind = 'push', problem, log }: DeployFields) {
    const isOver = ['live', 'declined', 'failed', 'replaced'].includes(state)
    const isHook = kind === 'webhook'
    const commit = '5d7e01b'.padEnd(40, '0')
    const settled = state === 'live' ? 'deployed' : isOver ? state : 'received'
    const [{ id: deliveryId }] = await sql<[{ id: string }]>`
      insert into deliveries (project_id, kind, provider, external_id, event, ref, new_commit, pushed_by, state, reason, received_at, settled_at, headers, body)
      values (${of.id}, ${kind}, ${isHook ? 'github' : null}, ${isHook ? crypto.randomUUID() : null}, ${isHook ? 'push' : null}, 'refs/heads/main', ${commit}, 'admin',
        ${settled}, ${problem ?? null}, ${ago(2)}, ${isOver ? ago(1) : null}, ${isHook ? sql.json({ 'X-GitHub-Event': 'push' }) : null},
        ${isHook ? Buffer.from('{"ref":"refs/heads/main"}') : null}) returning id`
    const logId = await insertLog(sql)
    if (log !== undefined) await appendLog(sql, logId, Buffer.from(log), ago(2))
    if (isOver) await closeLog(sql, logId, ago(1))
    const [{ id }] = await sql<[{ id: string }]>`
      insert into deploys (project_id, delivery_id, branch, new_commit, state, log_id, revision_id, problem, created_at, finished_at)
      values (${of.id}, ${deliveryId}, 'main', ${commit}, ${state}, ${logId}, ${state === 'live' ? of.revisionId : null}, ${problem ?? null}, ${ago(2)}, ${isOver ? ago(1) : null})
      returning id`
    return { id, deliveryId, logId }
  }

  return { ago, project, attempt, worker, task, deploy }
}
