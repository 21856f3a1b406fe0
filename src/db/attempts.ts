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
  /** By when it should be over; null: whenever. */
  readonly lateAt: Date | null
}

/** The next attempt of each session, whose rows must be locked; in this order. One session has one attempt of a name. */
export async function insertAttempts(
  sql: Sql,
  attempts: readonly NewAttempt[],
  now: Date,
): Promise<readonly AttemptId[]> {
  const rows = await sql<{ id: AttemptId; sessionId: SessionId }[]>`
    insert into attempts (session_id, project_id, workflow_id, revision_id, index, retry_name, params, started_by, resumed_from, late_at, created_at)
    select "sessionId", "projectId", "workflowId", "revisionId",
      (select coalesce(max(index), 0) + 1 from attempts where session_id = "sessionId"),
      "retryName", params, "startedBy", "resumedFrom", "lateAt", ${now}
    from json_to_recordset(${jsonText(attempts)}::text::json) as row ("sessionId" bigint, "projectId" bigint, "workflowId" bigint,
      "revisionId" bigint, "retryName" text, params json, "startedBy" text, "resumedFrom" bigint, "lateAt" timestamptz)
    returning id, session_id as "sessionId"`
  const ids = new Map(rows.map(({ id, sessionId }) => [sessionId, id]))
  return attempts.map(({ sessionId }) => {
    const id = ids.get(sessionId)
    if (id === undefined) throw new Error(`no attempt was made for session ${sessionId}`)
    return id
  })
}

export type AttemptName = { readonly sessionId: SessionId; readonly retryName: string }

/** By session: the attempt that has this name already. */
export async function findAttemptsNamed(
  sql: Sql,
  names: readonly AttemptName[],
): Promise<ReadonlyMap<SessionId, AttemptId>> {
  const rows = await sql<{ id: AttemptId; sessionId: SessionId }[]>`
    select attempts.id, session_id as "sessionId"
    from attempts join json_to_recordset(${jsonText(names)}::text::json) as row ("sessionId" bigint, "retryName" text)
      on session_id = "sessionId" and retry_name = "retryName"`
  return new Map(rows.map(({ id, sessionId }) => [sessionId, id]))
}

/** Whoever had its workspace has not from now on. */
export async function finishAttemptIfRunning(
  sql: Sql,
  id: AttemptId,
  state: AttemptState,
  now: Date,
): Promise<boolean> {
  const finished = await sql`
    with places as (delete from attempt_places where attempt_id = ${id})
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

/** The last statement of its transaction: everybody meets at this row. False: the limit does not allow so many more. */
export async function claimActiveAttempts(sql: Sql, count: number, limit: number): Promise<boolean> {
  const claimed = await sql`
    update limits set used = used + ${count} where name = 'active_attempts' and used + ${count} <= ${limit}`
  return claimed.count === 1
}

/** It ended as `state`. The last statement of its transaction, as `claimActiveAttempts`. */
export async function releaseActiveAttempt(sql: Sql, state: AttemptState): Promise<void> {
  await sql`
    with ended as (update attempt_ends set ended = ended + 1 where state = ${state})
    update limits set used = used - 1 where name = 'active_attempts'`
}

export type LateAttempt = { readonly id: AttemptId; readonly rootId: TaskId }

/** Those that should be over by now, the latest last. */
export async function listLateAttempts(sql: Sql, limit: number, now: Date): Promise<readonly LateAttempt[]> {
  return sql<LateAttempt[]>`
    select attempts.id, tasks.id as "rootId"
    from attempts join tasks on attempt_id = attempts.id and parent_id is null
    where attempts.state = 'running' and late_at <= ${now} and tasks.state = 'planned' order by late_at limit ${limit}`
}

/** It is told this once. False: it has been, or its root cannot hear it now. */
export async function forgetLateness(sql: Sql, { id, rootId }: LateAttempt): Promise<boolean> {
  const forgotten = await sql`
    update attempts set late_at = null where id = ${id} and late_at is not null
      and exists (select from tasks where tasks.id = ${rootId} and tasks.state = 'planned')`
  return forgotten.count === 1
}

export async function putOffLateness(sql: Sql, { id }: LateAttempt, until: Date): Promise<void> {
  await sql`update attempts set late_at = ${until} where id = ${id} and late_at is not null`
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
