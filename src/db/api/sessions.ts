import type { AttemptId, JsonObject, ProjectId, SessionId, WorkflowId } from '../../brand.ts'
import type { Sql } from '../sql.ts'

/** A session with its last attempt. */
export type SessionRow = {
  readonly id: SessionId
  readonly projectId: ProjectId
  readonly projectName: string
  readonly workflowId: WorkflowId
  readonly workflowName: string
  readonly timezone: string
  readonly uuid: string
  readonly sessionTime: Date
  readonly attemptId: AttemptId
  readonly attemptState: 'running' | 'success' | 'error' | 'canceled'
  readonly retryName: string
  readonly isCancelRequested: boolean
  readonly params: JsonObject
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

export type SessionPage = {
  readonly projectId?: ProjectId | undefined
  readonly workflow?: string | undefined
  readonly lastId?: string | undefined
  readonly count: number
}

/** Newest first, before `lastId`. */
export function listSessions(sql: Sql, page: SessionPage): Promise<readonly SessionRow[]> {
  return sql<SessionRow[]>`${columns(sql)}
    where true
      ${page.projectId === undefined ? sql`` : sql`and s.project_id = ${page.projectId}`}
      ${page.workflow === undefined ? sql`` : sql`and s.workflow_name = ${page.workflow}`}
      ${page.lastId === undefined ? sql`` : sql`and s.id < ${page.lastId}`}
    order by s.id desc limit ${page.count}`
}

export async function findSession(sql: Sql, id: string): Promise<SessionRow | undefined> {
  const [session] = await sql<SessionRow[]>`${columns(sql)} where s.id = ${id}`
  return session
}

const columns = (sql: Sql) => sql`
  select s.id, p.id as "projectId", p.name as "projectName", w.id as "workflowId", w.name as "workflowName", w.timezone, s.uuid,
    s.session_time as "sessionTime", a.id as "attemptId", a.state as "attemptState", a.retry_name as "retryName",
    a.cancel_requested_at is not null as "isCancelRequested", a.params, a.created_at as "createdAt", a.finished_at as "finishedAt"
  from sessions s join attempts a on a.id = s.last_attempt_id join projects p on p.id = s.project_id join workflows w on w.id = a.workflow_id`
