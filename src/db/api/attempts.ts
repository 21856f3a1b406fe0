import type { AttemptId, JsonObject, ProjectId, SessionId, WorkflowId } from '../../brand.ts'
import type { Sql } from '../sql.ts'

export type AttemptRow = {
  readonly id: AttemptId
  readonly index: number
  readonly state: 'running' | 'success' | 'error' | 'canceled'
  readonly projectId: ProjectId
  readonly projectName: string
  readonly workflowId: WorkflowId
  readonly workflowName: string
  readonly timezone: string
  readonly revision: string
  readonly revisionNumber: number
  readonly sessionId: SessionId
  readonly sessionUuid: string
  readonly sessionTime: Date
  readonly retryName: string
  readonly params: JsonObject
  readonly startedBy: string
  readonly isCancelRequested: boolean
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

export type AttemptPage = {
  readonly projectId?: ProjectId | undefined
  readonly sessionId?: string | undefined
  readonly workflow?: string | undefined
  /** Otherwise only the last attempt of each session. */
  readonly isRetriedIncluded: boolean
  readonly lastId?: string | undefined
  readonly count: number
}

/** Newest first, before `lastId`. */
export function listAttempts(sql: Sql, page: AttemptPage): Promise<readonly AttemptRow[]> {
  return sql<AttemptRow[]>`${columns(sql)}
    where true
      ${page.projectId === undefined ? sql`` : sql`and a.project_id = ${page.projectId}`}
      ${page.sessionId === undefined ? sql`` : sql`and a.session_id = ${page.sessionId}`}
      ${page.workflow === undefined ? sql`` : sql`and s.workflow_name = ${page.workflow}`}
      ${page.isRetriedIncluded ? sql`` : sql`and s.last_attempt_id = a.id`}
      ${page.lastId === undefined ? sql`` : sql`and a.id < ${page.lastId}`}
    order by a.id desc limit ${page.count}`
}

export async function findAttempt(sql: Sql, id: string): Promise<AttemptRow | undefined> {
  const [attempt] = await sql<AttemptRow[]>`${columns(sql)} where a.id = ${id}`
  return attempt
}

const columns = (sql: Sql) => sql`
  select a.id, a.index, a.state, p.id as "projectId", p.name as "projectName", w.id as "workflowId", w.name as "workflowName", w.timezone,
    r.name as revision, r.number as "revisionNumber", s.id as "sessionId", s.uuid as "sessionUuid", s.session_time as "sessionTime",
    a.retry_name as "retryName", a.params, a.started_by as "startedBy", a.cancel_requested_at is not null as "isCancelRequested",
    a.created_at as "createdAt", a.finished_at as "finishedAt"
  from attempts a join sessions s on s.id = a.session_id join projects p on p.id = a.project_id
    join workflows w on w.id = a.workflow_id join revisions r on r.id = a.revision_id`
