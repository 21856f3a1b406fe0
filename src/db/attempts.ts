import type { AttemptId, JsonObject, ProjectId, RevisionId, SessionId, TaskId, WorkflowId } from '../brand.ts'
import { jsonText, type Sql } from './sql.ts'

export type AttemptState = 'running' | 'success' | 'error' | 'canceled'

/** What whoever advances an attempt has to know of it, read under its lock. */
export type LockedAttempt = {
  readonly id: AttemptId
  readonly projectId: ProjectId
  readonly isOver: boolean
  readonly cancelRequestedBy: string | null
  readonly taskCount: number
}

/** Everybody who advances an attempt stands in line here first: without the lock two siblings that finish together each see the other still open. */
export async function lockAttempt(sql: Sql, id: AttemptId): Promise<LockedAttempt | undefined> {
  const [attempt] = await sql<LockedAttempt[]>`
    select id, project_id as "projectId", finished_at is not null as "isOver",
      cancel_requested_by as "cancelRequestedBy", task_count as "taskCount"
    from attempts where id = ${id} for no key update`
  return attempt
}

export async function findAttemptIdOf(sql: Sql, taskId: TaskId): Promise<AttemptId | undefined> {
  const [task] = await sql<{ attemptId: AttemptId }[]>`select attempt_id as "attemptId" from tasks where id = ${taskId}`
  return task?.attemptId
}

export type NewAttempt = {
  readonly sessionId: SessionId
  readonly projectId: ProjectId
  readonly workflowId: WorkflowId
  readonly revisionId: RevisionId
  readonly retryName: string
  readonly params: JsonObject
  readonly startedBy: string
  readonly resumedFrom: AttemptId | null
}

/** The session's next attempt; undefined: it has one of this name already. Its session's row must be locked. */
export async function insertAttemptUnlessNamed(
  sql: Sql,
  attempt: NewAttempt,
  now: Date,
): Promise<AttemptId | undefined> {
  const [row] = await sql<{ id: AttemptId }[]>`
    insert into attempts (session_id, project_id, workflow_id, revision_id, index, retry_name, params, started_by, resumed_from, created_at)
    values (${attempt.sessionId}, ${attempt.projectId}, ${attempt.workflowId}, ${attempt.revisionId},
      (select coalesce(max(index), 0) + 1 from attempts where session_id = ${attempt.sessionId}),
      ${attempt.retryName}, ${jsonText(attempt.params)}::text::json, ${attempt.startedBy}, ${attempt.resumedFrom}, ${now})
    on conflict (session_id, retry_name) do nothing
    returning id`
  return row?.id
}

export async function findAttemptNamed(
  sql: Sql,
  sessionId: SessionId,
  retryName: string,
): Promise<AttemptId | undefined> {
  const [row] = await sql<{ id: AttemptId }[]>`
    select id from attempts where session_id = ${sessionId} and retry_name = ${retryName}`
  return row?.id
}

export async function finishAttemptIfRunning(
  sql: Sql,
  id: AttemptId,
  state: AttemptState,
  now: Date,
): Promise<boolean> {
  const finished = await sql`
    update attempts set state = ${state}, finished_at = ${now} where id = ${id} and state = 'running'`
  return finished.count === 1
}

/** False: it is over, or was asked for before. */
export async function requestCancelIfRunning(sql: Sql, id: AttemptId, who: string, now: Date): Promise<boolean> {
  const asked = await sql`
    update attempts set cancel_requested_at = ${now}, cancel_requested_by = ${who}
    where id = ${id} and state = 'running' and cancel_requested_at is null`
  return asked.count === 1
}

/** The last statement of its transaction: everybody meets at this row. False: the limit is reached. */
export async function claimActiveAttempt(sql: Sql, limit: number): Promise<boolean> {
  const claimed = await sql`update limits set used = used + 1 where name = 'active_attempts' and used < ${limit}`
  return claimed.count === 1
}

/** It ended as `state`. The last statement of its transaction, as `claimActiveAttempt`. */
export async function releaseActiveAttempt(sql: Sql, state: AttemptState): Promise<void> {
  await sql`
    with ended as (update attempt_ends set ended = ended + 1 where state = ${state})
    update limits set used = used - 1 where name = 'active_attempts'`
}

export type AttemptOrigin = {
  readonly id: AttemptId
  readonly workflowId: WorkflowId
  readonly projectId: ProjectId
  readonly sessionTime: Date
  readonly params: JsonObject
}

export async function findAttemptOrigin(sql: Sql, id: AttemptId): Promise<AttemptOrigin | undefined> {
  const [row] = await sql<AttemptOrigin[]>`
    select attempts.id, workflow_id as "workflowId", attempts.project_id as "projectId", session_time as "sessionTime", params
    from attempts join sessions on sessions.id = session_id where attempts.id = ${id}`
  return row
}

/** Of these, the ones whose work is over. */
export async function listOver(sql: Sql, ids: readonly AttemptId[]): Promise<readonly AttemptId[]> {
  const rows = await sql<{ id: AttemptId }[]>`
    select id from attempts where id = any(${[...ids]}::bigint[]) and state <> 'running'`
  return rows.map(({ id }) => id)
}
