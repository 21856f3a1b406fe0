import type { JsonObject, ProjectId, RevisionId, WorkflowId } from '../brand.ts'
import type { Sql } from './sql.ts'

export type StoredWorkflow = {
  readonly id: WorkflowId
  readonly projectId: ProjectId
  readonly revisionId: RevisionId
  readonly name: string
  readonly timezone: string
  readonly config: JsonObject
}

export type NewWorkflow = Pick<StoredWorkflow, 'name' | 'timezone' | 'config'>

const columns = (sql: Sql) => sql`
  workflows.id, workflows.project_id as "projectId", workflows.revision_id as "revisionId", workflows.name,
  workflows.timezone, workflows.config`

/** In the order given. */
export async function insertWorkflows(
  sql: Sql,
  { projectId, revisionId }: { projectId: ProjectId; revisionId: RevisionId },
  workflows: readonly NewWorkflow[],
): Promise<readonly { readonly id: WorkflowId; readonly name: string }[]> {
  const rows = JSON.stringify(workflows.map(({ name, timezone, config }) => ({ name, timezone, config })))
  return sql<{ id: WorkflowId; name: string }[]>`
    insert into workflows (project_id, revision_id, name, timezone, config)
    select ${projectId}, ${revisionId}, name, timezone, config
    from json_to_recordset(${rows}::text::json) as workflow (name text, timezone text, config json)
    returning id, name`
}

/** In the revision that is live. */
export async function findCurrentWorkflow(
  sql: Sql,
  projectId: ProjectId,
  name: string,
): Promise<StoredWorkflow | undefined> {
  const [workflow] = await sql<StoredWorkflow[]>`
    select ${columns(sql)} from workflows join projects on projects.current_revision_id = workflows.revision_id
    where projects.id = ${projectId} and workflows.name = ${name}`
  return workflow
}

export async function findWorkflow(sql: Sql, id: WorkflowId): Promise<StoredWorkflow | undefined> {
  const [workflow] = await sql<StoredWorkflow[]>`select ${columns(sql)} from workflows where id = ${id}`
  return workflow
}

/** Of one revision, by name. */
export async function listWorkflows(sql: Sql, revisionId: RevisionId): Promise<readonly StoredWorkflow[]> {
  return sql<StoredWorkflow[]>`
    select ${columns(sql)} from workflows where revision_id = ${revisionId} order by name`
}
