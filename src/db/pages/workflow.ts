import type { JsonObject, ProjectId } from '../../brand.ts'
import type { ShownSkip } from '../../shown/project.ts'
import type { ShownSession } from '../../shown/session.ts'
import type { CalledFiles } from '../../workflow/called-file.ts'
import type { Sql } from '../sql.ts'
import { shownState } from './shown.ts'

/** Newest first, each with its newest attempt; from below the session time `before` on. */
export async function listShownSessions(
  sql: Sql,
  of: { projectId: ProjectId; workflow: string; before: Date | null; limit: number },
): Promise<readonly ShownSession[]> {
  return sql<ShownSession[]>`
    select sessions.id, session_time as "sessionTime", attempts.id as "attemptId", attempts.index as attempts, ${shownState(sql)} as state,
      started_by as "startedBy", attempts.created_at as "createdAt", finished_at as "finishedAt", number as revision
    from sessions join attempts on attempts.id = last_attempt_id join revisions on revisions.id = attempts.revision_id
    where sessions.project_id = ${of.projectId} and workflow_name = ${of.workflow}
      and (${of.before}::timestamptz is null or session_time < ${of.before})
    order by session_time desc limit ${of.limit}`
}

/** What the graph of a workflow is made of. It never changes: another push makes other workflows. */
export async function getGraphSource(
  sql: Sql,
  workflowId: string,
): Promise<{ readonly name: string; readonly config: JsonObject; readonly called: CalledFiles }> {
  const [source] = await sql<[{ name: string; config: JsonObject; called: CalledFiles }]>`
    select workflows.name, config, called from workflows join revisions on revisions.id = revision_id
    where workflows.id = ${workflowId}`
  return source
}

/** Newest first. */
export async function listShownSkips(
  sql: Sql,
  { projectId, workflow, limit }: { projectId: ProjectId; workflow: string; limit: number },
): Promise<readonly ShownSkip[]> {
  return sql<ShownSkip[]>`
    select session_time as "sessionTime", because
    from skipped_sessions join schedules on schedules.id = schedule_id
    where project_id = ${projectId} and workflow_name = ${workflow} order by session_time desc limit ${limit}`
}
