import type { AttemptId, ProjectId, SessionId } from '../brand.ts'
import { jsonText, type Sql } from './sql.ts'

export type SessionKey = { readonly projectId: ProjectId; readonly workflowName: string; readonly sessionTime: Date }

/** The sessions of these times, each once, in this order: made if there are none, and locked until the transaction ends, so that their attempts are numbered one by one. */
export async function lockSessions(sql: Sql, keys: readonly SessionKey[]): Promise<readonly SessionId[]> {
  const rows = await sql<(SessionKey & { id: SessionId })[]>`
    insert into sessions (project_id, workflow_name, session_time)
    select "projectId", "workflowName", "sessionTime"
    from json_to_recordset(${jsonText(keys)}::text::json) as row ("projectId" bigint, "workflowName" text, "sessionTime" timestamptz)
    order by 1, 2, 3
    on conflict (project_id, workflow_name, session_time) do update set workflow_name = excluded.workflow_name
    returning id, project_id as "projectId", workflow_name as "workflowName", session_time as "sessionTime"`
  const ids = new Map(rows.map((row) => [textOf(row), row.id]))
  return keys.map((key) => {
    const id = ids.get(textOf(key))
    if (id === undefined) throw new Error(`no session was made for ${textOf(key)}`)
    return id
  })
}

const textOf = ({ projectId, workflowName, sessionTime }: SessionKey) =>
  `${projectId} ${sessionTime.getTime()} ${workflowName}`

export type SessionAttempt = { readonly sessionId: SessionId; readonly attemptId: AttemptId }

export async function pointToAttempts(sql: Sql, attempts: readonly SessionAttempt[]): Promise<void> {
  await sql`
    update sessions set last_attempt_id = row."attemptId"
    from json_to_recordset(${jsonText(attempts)}::text::json) as row ("sessionId" bigint, "attemptId" bigint)
    where id = row."sessionId"`
}
