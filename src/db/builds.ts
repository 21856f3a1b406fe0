import type { BuildId, Digest, LogId, ProjectId } from '../brand.ts'
import type { Plan } from '../environment/plan.ts'
import type { Sql } from './sql.ts'

type BuildState = 'queued' | 'running' | 'success' | 'error'

export type Build = {
  readonly id: BuildId
  readonly imageKey: string
  readonly projectId: ProjectId
  readonly logId: LogId
  readonly state: BuildState
  /** Why it failed, in one line. */
  readonly problem: string | null
  /** What to do next about it. */
  readonly hint: string | null
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

/** A build that one worker holds until its lease lapses; `epoch` fences off whoever held it before. */
export type BuildClaim = Pick<Build, 'id' | 'imageKey' | 'projectId' | 'logId'> & {
  readonly epoch: string
  readonly projectName: string
  readonly sourceDigest: Digest
  readonly plan: Plan
}

const columns = (sql: Sql) => sql`
  id, image_key as "imageKey", project_id as "projectId", log_id as "logId", state, problem, hint,
  created_at as "createdAt", finished_at as "finishedAt"`

export async function findBuild(sql: Sql, id: BuildId): Promise<Build | undefined> {
  const [build] = await sql<Build[]>`select ${columns(sql)} from builds where id = ${id}`
  return build
}

export async function findOpenBuild(sql: Sql, imageKey: string): Promise<Build | undefined> {
  const [build] = await sql<Build[]>`
    select ${columns(sql)} from builds where image_key = ${imageKey} and state in ('queued', 'running')`
  return build
}

/** Of the newest build of this key. */
export async function findLogOfImage(sql: Sql, imageKey: string): Promise<LogId | undefined> {
  const [build] = await sql<{ logId: LogId }[]>`
    select log_id as "logId" from builds where image_key = ${imageKey} order by id desc limit 1`
  return build?.logId
}

export type NewBuild = Pick<BuildClaim, 'imageKey' | 'projectId' | 'sourceDigest' | 'plan' | 'logId'>

/** Undefined: a build of this key is open already. */
export async function insertBuildIfNoneOpen(sql: Sql, build: NewBuild, now: Date): Promise<Build | undefined> {
  const { imageKey, projectId, sourceDigest, plan, logId } = build
  const [inserted] = await sql<Build[]>`
    insert into builds (image_key, project_id, source_digest, plan, log_id, created_at)
    values (${imageKey}, ${projectId}, ${sourceDigest}, ${sql.json(plan)}, ${logId}, ${now})
    on conflict (image_key) where state in ('queued', 'running') do nothing
    returning ${columns(sql)}`
  return inserted
}

/** The oldest queued build, leased; undefined when there is none. */
export async function claimBuild(
  sql: Sql,
  { workerId, leaseMs }: { workerId: string; leaseMs: number },
): Promise<BuildClaim | undefined> {
  const [claim] = await sql<BuildClaim[]>`
    update builds set state = 'running', worker_id = ${workerId}, epoch = epoch + 1,
      lease_until = now() + ${leaseMs} * interval '1 millisecond'
    from projects
    where builds.id = (select id from builds where state = 'queued' order by id limit 1 for update skip locked)
      and projects.id = builds.project_id
    returning builds.id, image_key as "imageKey", project_id as "projectId", log_id as "logId", epoch,
      projects.name as "projectName", source_digest as "sourceDigest", plan`
  return claim
}

/** False: the lease has lapsed and the build is somebody else's. */
export async function renewBuildIfHeld(sql: Sql, { id, epoch }: BuildClaim, leaseMs: number): Promise<boolean> {
  const { count } = await sql`
    update builds set lease_until = now() + ${leaseMs} * interval '1 millisecond'
    where id = ${id} and epoch = ${epoch} and state = 'running'`
  return count === 1
}

/** Writes how it ended; `failure` is null when it succeeded. False: it is somebody else's by now, and nothing was written. */
export async function finishBuildIfHeld(
  sql: Sql,
  { id, epoch }: BuildClaim,
  failure: { readonly problem: string; readonly hint: string } | null,
  now: Date,
): Promise<boolean> {
  const { count } = await sql`
    update builds set state = ${failure === null ? 'success' : 'error'}, problem = ${failure?.problem ?? null},
      hint = ${failure?.hint ?? null}, finished_at = ${now}, lease_until = null
    where id = ${id} and epoch = ${epoch} and state = 'running'`
  if (count === 1) await hintAt(sql, id)
  return count === 1
}

/** Back into the queue, for whoever comes first: a worker that shuts down has no time to finish. */
export async function releaseBuildIfHeld(sql: Sql, { id, epoch }: BuildClaim): Promise<boolean> {
  const { count } = await sql`
    update builds set state = 'queued', lease_until = null where id = ${id} and epoch = ${epoch} and state = 'running'`
  return count === 1
}

/** Whose builds are lost: every silent worker's, or one worker's because it is known to have died. */
export type LostBuilds = 'lapsed' | { readonly workerId: string }

/** Lost builds go back into the queue, or end when they were started `maxStarts` times. Leases are the database's clock only. */
export async function requeueLostBuilds(
  sql: Sql,
  lost: LostBuilds,
  maxStarts: number,
  now: Date,
): Promise<readonly Pick<Build, 'id' | 'logId' | 'state'>[]> {
  const requeued = await sql<Pick<Build, 'id' | 'logId' | 'state'>[]>`
    update builds set lease_until = null,
      state = case when epoch < ${maxStarts} then 'queued' else 'error' end::build_state,
      problem = case when epoch < ${maxStarts} then null else 'Its worker was lost each time it was built' end,
      hint = case when epoch < ${maxStarts} then null else 'Push again; if its workers are lost again, ask the operator what ended them' end,
      finished_at = case when epoch < ${maxStarts} then null else ${now}::timestamptz end
    where state = 'running' and ${lost === 'lapsed' ? sql`lease_until < now()` : sql`worker_id = ${lost.workerId}`}
    returning id, log_id as "logId", state`
  for (const { id } of requeued) await hintAt(sql, id)
  return requeued
}

/** For ringing: what should have been claimed by now. */
export async function listQueuedBuilds(
  sql: Sql,
  limit: number,
): Promise<readonly { readonly id: BuildId; readonly epoch: string }[]> {
  return sql<{ id: BuildId; epoch: string }[]>`
    select id, epoch from builds where state = 'queued' order by id limit ${limit}`
}

/** Ended builds are history: they need their source no more. */
export async function forgetSourcesOfBuilds(sql: Sql, finishedBefore: Date, limit: number): Promise<void> {
  await sql`
    update builds set source_digest = null where id in (
      select id from builds where source_digest is not null and finished_at < ${finishedBefore} order by id limit ${limit})`
}

async function hintAt(sql: Sql, id: BuildId): Promise<void> {
  await sql`select pg_notify('sluice', ${`build:${id}`})`
}
