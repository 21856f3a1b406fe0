import type { JsonObject, ProjectId, WorkflowId } from '../../brand.ts'
import type { Sql } from '../sql.ts'

export type WorkflowRow = {
  readonly id: WorkflowId
  readonly name: string
  readonly projectId: ProjectId
  readonly projectName: string
  readonly revision: string
  readonly timezone: string
  readonly config: JsonObject
}

export type WorkflowPage = {
  readonly lastId: string | undefined
  readonly count: number
  readonly order: 'asc' | 'desc'
  readonly pattern: string | undefined
  /** Whether the pattern may also match the project's name. */
  readonly isProjectSearched: boolean
}

/** The workflows of every project's current revision. */
export function listCurrentWorkflows(sql: Sql, page: WorkflowPage): Promise<readonly WorkflowRow[]> {
  const isUp = page.order === 'asc'
  return sql<WorkflowRow[]>`${columns(sql)}
    where p.deleted_at is null and w.revision_id = p.current_revision_id
      ${page.lastId === undefined ? sql`` : isUp ? sql`and w.id > ${page.lastId}` : sql`and w.id < ${page.lastId}`}
      ${page.pattern === undefined ? sql`` : matches(sql, page.pattern, page.isProjectSearched)}
    order by w.id ${isUp ? sql`asc` : sql`desc`} limit ${page.count}`
}

const matches = (sql: Sql, pattern: string, isProjectSearched: boolean) =>
  isProjectSearched
    ? sql`and (position(${pattern} in w.name) > 0 or position(${pattern} in p.name) > 0)`
    : sql`and position(${pattern} in w.name) > 0`

/** Undefined: the project has no such revision. Without `revision` it is the current one. */
export async function findWorkflowsOfRevision(
  sql: Sql,
  projectId: ProjectId,
  { revision, name }: { revision?: string | undefined; name?: string | undefined },
): Promise<readonly WorkflowRow[] | undefined> {
  const [found] = revision
    ? await sql<
        { id: string }[]
      >`select id from revisions where project_id = ${projectId} and ${revision} in (name, 'v' || number) order by name = ${revision} desc`
    : await sql<{ id: string | null }[]>`select current_revision_id as id from projects where id = ${projectId}`
  if (found === undefined) return undefined
  return sql<WorkflowRow[]>`${columns(sql)}
    where w.revision_id = ${found.id} ${name === undefined ? sql`` : sql`and w.name = ${name}`} order by w.id`
}

export async function findWorkflow(sql: Sql, id: string): Promise<WorkflowRow | undefined> {
  const [workflow] = await sql<WorkflowRow[]>`${columns(sql)} where w.id = ${id}`
  return workflow
}

const columns = (sql: Sql) => sql`
  select w.id, w.name, p.id as "projectId", p.name as "projectName", r.name as revision, w.timezone, w.config
  from workflows w join projects p on p.id = w.project_id join revisions r on r.id = w.revision_id`
