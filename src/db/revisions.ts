import type { Digest, JsonObject, ProjectId, RevisionId } from '../brand.ts'
import type { CalledFiles } from '../workflow/called-file.ts'
import { jsonText, type Sql } from './sql.ts'

export type Revision = {
  readonly id: RevisionId
  readonly projectId: ProjectId
  /** v1, v2, ... for people. */
  readonly number: number
  /** For the API: 12 hex digits of the commit, `.2` on a re-deploy, or the client's own word. */
  readonly name: string
  readonly commit: string | null
  readonly message: string | null
  readonly author: string | null
  readonly sourceDigest: Digest
  readonly imageKey: string | null
  readonly plan: JsonObject
  readonly createdAt: Date
  readonly createdBy: string
}

const columns = (sql: Sql) => sql`
  id, project_id as "projectId", number, name, commit, message, author, source_digest as "sourceDigest",
  image_key as "imageKey", plan, created_at as "createdAt", created_by as "createdBy"`

export async function insertRevision(
  sql: Sql,
  revision: Omit<Revision, 'id' | 'createdAt'> & { readonly called: CalledFiles },
  now: Date,
): Promise<RevisionId> {
  const { projectId, number, name, commit, message, author, sourceDigest, imageKey, plan, called, createdBy } = revision
  const [row] = await sql<[{ id: RevisionId }]>`
    insert into revisions (project_id, number, name, commit, message, author, source_digest, image_key, plan, called, created_at, created_by)
    values (${projectId}, ${number}, ${name}, ${commit}, ${message}, ${author}, ${sourceDigest}, ${imageKey},
      ${jsonText(plan)}::text::json, ${jsonText(called)}::text::json, ${now}, ${createdBy})
    returning id`
  return row.id
}

export async function hasRevisionNamed(sql: Sql, projectId: ProjectId, name: string): Promise<boolean> {
  return (await sql`select from revisions where project_id = ${projectId} and name = ${name}`).length > 0
}

/** `base`, or `base.2`, `base.3`, ... when it is taken. Under the project's lock. */
export async function freeRevisionName(sql: Sql, projectId: ProjectId, base: string): Promise<string> {
  const rows = await sql<{ name: string }[]>`
    select name from revisions where project_id = ${projectId} and (name = ${base} or name like ${`${base}.%`})`
  const taken = new Set(rows.map(({ name }) => name))
  let name = base
  for (let again = 2; taken.has(name); again++) name = `${base}.${again}`
  return name
}

export async function findCurrentRevision(sql: Sql, projectId: ProjectId): Promise<Revision | undefined> {
  const [revision] = await sql<Revision[]>`
    select ${columns(sql)} from revisions where id = (select current_revision_id from projects where id = ${projectId})`
  return revision
}

export type RunningOn = { readonly number: number; readonly attempts: number }

/** Open attempts by revision: they stay on theirs when a new one goes live. */
export async function countRunning(sql: Sql, projectId: ProjectId): Promise<readonly RunningOn[]> {
  return sql<RunningOn[]>`
    select revisions.number, count(*)::int as attempts
    from attempts join revisions on revisions.id = attempts.revision_id
    where attempts.project_id = ${projectId} and attempts.state = 'running'
    group by revisions.number order by revisions.number`
}
