import type { ProjectId, RevisionId } from '../../brand.ts'
import { jsonText, type Sql } from '../sql.ts'

export type Builder = {
  readonly kind?: 'auto' | 'dockerfile' | 'none'
  readonly path?: string | undefined
  readonly args?: Readonly<Record<string, string>> | undefined
}

export type ProjectRow = {
  readonly id: ProjectId
  readonly name: string
  readonly branch: string | null
  readonly builder: Builder
  readonly revision: string | null
  readonly revisionNumber: number | null
  readonly archiveMd5: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly deletedAt: Date | null
}

/** By id ascending, after `lastId`; `name` is the whole name, `pattern` a part of it. Deleted projects are left out. */
export function listProjects(
  sql: Sql,
  { lastId, count, name, pattern }: { lastId: string; count: number; name?: string; pattern?: string },
): Promise<readonly ProjectRow[]> {
  return sql<ProjectRow[]>`${columns(sql)}
    where p.deleted_at is null and p.id > ${lastId}
      ${name === undefined ? sql`` : sql`and p.name = ${name}`}
      ${pattern === undefined ? sql`` : sql`and position(${pattern} in p.name) > 0`}
    order by p.id limit ${count}`
}

/** Deleted ones too: what they ran stays readable. */
export async function findProjectById(sql: Sql, id: string): Promise<ProjectRow | undefined> {
  const [project] = await sql<ProjectRow[]>`${columns(sql)} where p.id = ${id}`
  return project
}

/** With this revision as its revision, whatever has gone live since. */
export async function getProjectAt(sql: Sql, revisionId: RevisionId): Promise<ProjectRow> {
  const [project] = await sql<[ProjectRow]>`${columns(sql, sql`r.project_id = p.id`)} where r.id = ${revisionId}`
  return project
}

export async function findProjectByName(sql: Sql, name: string): Promise<ProjectRow | undefined> {
  const [project] = await sql<ProjectRow[]>`${columns(sql)} where p.name = ${name} and p.deleted_at is null`
  return project
}

/** Holds from the next deploy on. */
export async function setBuilder(sql: Sql, id: ProjectId, builder: Builder): Promise<void> {
  await sql`update projects set builder = ${jsonText(builder)}::text::jsonb where id = ${id}`
}

const columns = (sql: Sql, shown = sql`r.id = p.current_revision_id`) => sql`
  select p.id, p.name, p.branch, p.builder, r.name as revision, r.number as "revisionNumber", source.md5 as "archiveMd5",
    p.created_at as "createdAt", coalesce(r.created_at, p.created_at) as "updatedAt", p.deleted_at as "deletedAt"
  from projects p left join revisions r on ${shown} left join sources source on source.digest = r.source_digest`
