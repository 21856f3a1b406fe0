import type { Json, ProjectId, RevisionId } from '../brand.ts'
import { Refusal } from '../refusal.ts'
import type { Sql } from './sql.ts'

export type Project = {
  readonly id: ProjectId
  readonly name: string
  /** The branch that deploys; null until the first push or a link decides. */
  readonly branch: string | null
  readonly builder: { readonly [key: string]: Json }
  readonly currentRevisionId: RevisionId | null
  readonly createdAt: Date
}

const columns = (sql: Sql) => sql`
  id, name, branch, builder, current_revision_id as "currentRevisionId", created_at as "createdAt"`

export async function findProject(sql: Sql, name: string): Promise<Project | undefined> {
  const [project] = await sql<Project[]>`
    select ${columns(sql)} from projects where name = ${name} and deleted_at is null`
  return project
}

export async function getProject(sql: Sql, id: ProjectId): Promise<Project> {
  const [project] = await sql<Project[]>`select ${columns(sql)} from projects where id = ${id} and deleted_at is null`
  if (project === undefined) throw new Refusal('not_found', `There is no project ${id}`, 'See all: sluice projects')
  return project
}

/** The project of this name, made if there is none. */
export async function createProject(sql: Sql, name: string, now: Date): Promise<Project> {
  await sql`insert into projects (name, created_at) values (${name}, ${now})
    on conflict (name) where deleted_at is null do nothing`
  const project = await findProject(sql, name)
  return project ?? createProject(sql, name, now) // deleted between the two statements
}

/** Deliveries, deploys and revisions of one project get their numbers one after the other: what has a smaller id is visible before the next begins. */
export async function lockProject(sql: Sql, id: ProjectId): Promise<Project> {
  await sql`select from projects where id = ${id} for no key update`
  return getProject(sql, id)
}

/**
 * Until something of a branch is live or on its way, or the project is linked, every push may decide anew: a first push that was declined binds nobody,
 * and archives are on no branch.
 */
export async function setBranchIfUndecided(sql: Sql, id: ProjectId, branch: string): Promise<boolean> {
  const { count } = await sql`
    update projects set branch = ${branch} where id = ${id}
      and not exists (select from revisions where project_id = ${id} and commit is not null)
      and not exists (select from links where project_id = ${id})
      and not exists (select from deploys where project_id = ${id} and branch is not null and settled_at is null)`
  return count === 1
}

export async function setBranch(sql: Sql, id: ProjectId, branch: string): Promise<void> {
  await sql`update projects set branch = ${branch} where id = ${id}`
}

/** Takes the next number of a revision. Under the project's lock. */
export async function takeRevisionNumber(sql: Sql, id: ProjectId): Promise<number> {
  const [row] = await sql<[{ number: number }]>`
    update projects set next_revision = next_revision + 1 where id = ${id} returning next_revision - 1 as number`
  return row.number
}

export async function setCurrentRevision(sql: Sql, id: ProjectId, revisionId: RevisionId): Promise<void> {
  await sql`update projects set current_revision_id = ${revisionId} where id = ${id}`
}
