import type { JsonObject, ProjectId, RevisionId, WorkflowId } from '../brand.ts'
import type { Sql } from './sql.ts'

/** A workflow of a project that is not deleted: what an attempt is made from. */
export type Startable = {
  readonly id: WorkflowId
  readonly projectId: ProjectId
  readonly revisionId: RevisionId
  readonly name: string
  readonly timezone: string
  readonly config: JsonObject
}

export async function listStartables(sql: Sql, ids: readonly WorkflowId[]): Promise<readonly Startable[]> {
  return sql<Startable[]>`
    select workflows.id, project_id as "projectId", revision_id as "revisionId", workflows.name, timezone, config
    from workflows join projects on projects.id = project_id where workflows.id = any(${[...ids]}::bigint[]) and deleted_at is null`
}
