import type { Digest, ProjectId, RevisionId } from '../../brand.ts'
import type { Sql } from '../sql.ts'

export type RevisionRow = {
  readonly id: RevisionId
  readonly number: number
  readonly name: string
  readonly commit: string | null
  readonly message: string | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly archiveMd5: string
}

/** Newest first, before `lastId`, at most 100. */
export function listRevisions(
  sql: Sql,
  projectId: ProjectId,
  { name, lastId }: { name?: string | undefined; lastId?: string | undefined },
): Promise<readonly RevisionRow[]> {
  return sql<RevisionRow[]>`
    select r.id, r.number, r.name, r.commit, r.message, r.created_at as "createdAt", r.created_by as "createdBy", source.md5 as "archiveMd5"
    from revisions r join sources source on source.digest = r.source_digest
    where r.project_id = ${projectId}
      ${name === undefined ? sql`` : sql`and r.name = ${name}`}
      ${lastId === undefined ? sql`` : sql`and r.id < ${lastId}`}
    order by r.id desc limit 100`
}

/** Of the revision of that name, else of the current one. */
export async function findArchive(
  sql: Sql,
  projectId: ProjectId,
  name: string | undefined,
): Promise<Digest | undefined> {
  const [revision] = await (name === undefined
    ? sql<{ digest: Digest }[]>`
        select source_digest as digest from revisions join projects on current_revision_id = revisions.id
        where projects.id = ${projectId}`
    : sql<{ digest: Digest }[]>`
        select source_digest as digest from revisions
        where project_id = ${projectId} and ${name} in (name, 'v' || number) order by name = ${name} desc`)
  return revision?.digest
}
