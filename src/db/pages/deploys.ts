import type { DeployId, ProjectId } from '../../brand.ts'
import type { DeployDetail, ShownDeploy } from '../../shown/deploy.ts'
import type { Sql } from '../sql.ts'

const columns = (sql: Sql) => sql`
  deploys.id, projects.name as project, deploys.state, coalesce(deploys.branch, upload->>'revision') as branch, coalesce(new_commit.commit, deploys.new_commit) as commit, message, author,
  number as revision, coalesce(revision_id = current_revision_id, false) as "isCurrent", build_id is not null as "hasBuild", problem, kind, pushed_by as "pushedBy", delivery_id as "deliveryId",
  deploys.created_at as "createdAt", finished_at as "finishedAt"`

const tables = (sql: Sql) => sql`
  deploys join projects on projects.id = deploys.project_id join deliveries on deliveries.id = delivery_id
    left join revisions as new_commit on new_commit.id = revision_id`

/** Newest first; of all projects, or of one; from below `before` on. */
export async function listShownDeploys(
  sql: Sql,
  { projectId, before, limit }: { projectId: ProjectId | null; before: string | null; limit: number },
): Promise<readonly ShownDeploy[]> {
  return sql<ShownDeploy[]>`
    select ${columns(sql)} from ${tables(sql)}
    where (${projectId}::bigint is null or deploys.project_id = ${projectId}) and (${before}::bigint is null or deploys.id < ${before})
    order by deploys.id desc limit ${limit}`
}

export async function findShownDeploy(sql: Sql, id: DeployId): Promise<DeployDetail | undefined> {
  const [deploy] = await sql<DeployDetail[]>`
    select ${columns(sql)}, deploys.old_commit as "oldCommit", log_id as "logId", image_key as "imageKey",
      (select coalesce(array_agg(name order by name), '{}') from workflows where workflows.revision_id = new_commit.id) as workflows
    from ${tables(sql)} where deploys.id = ${id}`
  return deploy
}
