import type { AttemptId, ProjectId, SessionId } from '../brand.ts'
import type { Sql } from './sql.ts'

/** The session of this time, made if there is none, and locked until the transaction ends: its attempts are numbered one by one. */
export async function lockSession(
  sql: Sql,
  { projectId, workflowName, sessionTime }: { projectId: ProjectId; workflowName: string; sessionTime: Date },
): Promise<SessionId> {
  const [session] = await sql<[{ id: SessionId }]>`
    insert into sessions (project_id, workflow_name, session_time) values (${projectId}, ${workflowName}, ${sessionTime})
    on conflict (project_id, workflow_name, session_time) do update set workflow_name = excluded.workflow_name
    returning id`
  return session.id
}

export async function pointToAttempt(sql: Sql, id: SessionId, attemptId: AttemptId): Promise<void> {
  await sql`update sessions set last_attempt_id = ${attemptId} where id = ${id}`
}
