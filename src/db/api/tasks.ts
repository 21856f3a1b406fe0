import type { AttemptId, Json, JsonObject, LogId, TaskId } from '../../brand.ts'
import type { Sql } from '../sql.ts'

export type TaskRow = {
  readonly id: TaskId
  readonly fullName: string
  readonly parentId: TaskId | null
  readonly config: JsonObject
  readonly staticExport: JsonObject
  readonly exportParams: JsonObject
  readonly storeParams: JsonObject
  readonly stateParams: JsonObject
  readonly upstreams: readonly TaskId[]
  readonly kind: 'group' | 'operator'
  readonly state: string
  readonly isCancelRequested: boolean
  readonly changedAt: Date
  readonly retryAt: Date | null
  readonly startedAt: Date | null
  readonly error: Json
  readonly exitCause: string | null
  readonly queue: string
}

/** All of an attempt, in the order of the tree. */
export function listTasks(sql: Sql, attemptId: AttemptId): Promise<readonly TaskRow[]> {
  return sql<TaskRow[]>`
    select id, full_name as "fullName", parent_id as "parentId", config, static_export as "staticExport", export_params as "exportParams",
      store_params as "storeParams", state_params as "stateParams", upstreams::text[] as upstreams, kind, state,
      is_cancel_requested as "isCancelRequested", changed_at as "changedAt", retry_at as "retryAt", started_at as "startedAt", error,
      exit_cause as "exitCause", queue
    from tasks where attempt_id = ${attemptId} order by id`
}

/** One start of a task, with its log. */
export type RunRow = {
  readonly taskId: TaskId
  readonly fullName: string
  readonly epoch: string
  readonly worker: string
  readonly startedAt: Date
  readonly logId: LogId
  readonly chunkCount: number
  readonly isClosed: boolean
}

/** In the order in which they started. `task` is a task's id, or a full name and everything below it. */
export function listRuns(sql: Sql, attemptId: AttemptId, task?: string | undefined): Promise<readonly RunRow[]> {
  return sql<RunRow[]>`
    select t.id as "taskId", t.full_name as "fullName", run.epoch, worker.name as worker, run.started_at as "startedAt", l.id as "logId",
      l.next_seq as "chunkCount", l.closed_at is not null as "isClosed"
    from tasks t join task_runs run on run.task_id = t.id join workers worker on worker.id = run.worker_id join logs l on l.id = run.log_id
    where t.attempt_id = ${attemptId} ${below(sql, task)}
    order by run.started_at, t.id, run.epoch`
}

export type TaskState = {
  readonly id: TaskId
  readonly fullName: string
  readonly state: string
  readonly epoch: string
  readonly exitCause: string | null
  readonly changedAt: Date
}

/** What has moved since `since`; of what ended in one moment the groups come after what ended them. Workers' clocks differ a little: ask for some time before the newest you know. `task` as in `listRuns`. */
export function listMovedTasks(
  sql: Sql,
  attemptId: AttemptId,
  { since, task }: { since: Date; task?: string | undefined },
): Promise<readonly TaskState[]> {
  return sql<TaskState[]>`
    select id, full_name as "fullName", state, epoch, exit_cause as "exitCause", changed_at as "changedAt"
    from tasks t where attempt_id = ${attemptId} and changed_at >= ${since} ${below(sql, task)}
    order by changed_at, case when state in ('success', 'error', 'group_error', 'canceled') then -id else id end`
}

/** `task` as in `listRuns`. */
export async function hasTask(sql: Sql, attemptId: AttemptId, task: string): Promise<boolean> {
  const rows = await sql`select from tasks t where attempt_id = ${attemptId} ${below(sql, task)} limit 1`
  return rows.length > 0
}

const below = (sql: Sql, task: string | undefined) =>
  task === undefined ? sql`` : sql`and (t.id::text = ${task} or starts_with(t.full_name, ${task}))`

/** Gzip bytes of each log. */
export async function measurePackedLogs(sql: Sql, logIds: readonly LogId[]): Promise<ReadonlyMap<LogId, number>> {
  const rows = await sql<{ logId: LogId; bytes: number }[]>`
    select log_id as "logId", sum(length(bytes))::float8 as bytes from log_chunks where log_id = any(${[...logIds]}) group by log_id`
  return new Map(rows.map(({ logId, bytes }) => [logId, bytes]))
}

/** The gzip members of a log, in order: one behind the other they are one gzip file. */
export async function readPackedLog(sql: Sql, logId: LogId): Promise<Buffer> {
  const chunks = await sql<{ bytes: Buffer }[]>`select bytes from log_chunks where log_id = ${logId} order by seq`
  return Buffer.concat(chunks.map(({ bytes }) => bytes))
}
