import type { ProjectId, RevisionId, WorkflowId } from '../brand.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { jsonText, type Sql } from './sql.ts'

/** In the order given. */
export async function insertWorkflows(
  sql: Sql,
  { projectId, revisionId }: { projectId: ProjectId; revisionId: RevisionId },
  workflows: readonly Pick<Workflow, 'name' | 'timezone' | 'config'>[],
): Promise<readonly { readonly id: WorkflowId; readonly name: string }[]> {
  const rows = jsonText(workflows.map(({ name, timezone, config }) => ({ name, timezone, config })))
  return sql<{ id: WorkflowId; name: string }[]>`
    insert into workflows (project_id, revision_id, name, timezone, config)
    select ${projectId}, ${revisionId}, name, timezone, config
    from json_to_recordset(${rows}::text::json) as workflow (name text, timezone text, config json)
    returning id, name`
}
