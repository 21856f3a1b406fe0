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

export async function findStartable(sql: Sql, id: WorkflowId): Promise<Startable | undefined> {
  const [workflow] = await sql<Startable[]>`
    select workflows.id, project_id as "projectId", revision_id as "revisionId", workflows.name, timezone, config
    from workflows join projects on projects.id = project_id where workflows.id = ${id} and deleted_at is null`
  return workflow
}
