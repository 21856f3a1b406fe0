import type { BuildId, DeliveryId, DeployId, LogId, ProjectId, RevisionId } from '../brand.ts'
import type { Sql } from './sql.ts'

export type OpenDeployState = 'waiting' | 'fetching' | 'checking' | 'building' | 'releasing'
export type DeployEnd = 'live' | 'declined' | 'failed' | 'replaced'
type DeployState = OpenDeployState | DeployEnd

/** Every legal move but the ends: any open state may become declined, failed or replaced, and only `releasing` live. After a restart work begins again at `checking`. */
export const DEPLOY_MOVES = {
  waiting: ['fetching', 'checking'],
  fetching: ['checking'],
  checking: ['building', 'releasing', 'checking'],
  building: ['releasing', 'checking'],
  releasing: ['checking'],
} as const satisfies Record<OpenDeployState, readonly OpenDeployState[]>

export type Deploy = {
  readonly id: DeployId
  readonly projectId: ProjectId
  readonly deliveryId: DeliveryId
  /** Null: an archive that was uploaded. */
  readonly branch: string | null
  /** What the branch was; null: it is new (or not known before it was fetched). */
  readonly oldCommit: string | null
  readonly newCommit: string | null
  readonly state: DeployState
  readonly logId: LogId
  readonly buildId: BuildId | null
  readonly revisionId: RevisionId | null
  readonly problem: string | null
  readonly owner: string | null
  readonly epoch: string
  readonly createdAt: Date
  readonly finishedAt: Date | null
  /** It has ended and its branch points where it should. */
  readonly settledAt: Date | null
}

/** The right to move a deploy: it counts while the row still has this epoch. */
export type DeployClaim = { readonly id: DeployId; readonly epoch: string }

const columns = (sql: Sql) => sql`
  id, project_id as "projectId", delivery_id as "deliveryId", branch, old_commit as "oldCommit", new_commit as "newCommit",
  state, log_id as "logId", build_id as "buildId", revision_id as "revisionId", problem, owner, epoch,
  created_at as "createdAt", finished_at as "finishedAt", settled_at as "settledAt"`

const lease = (sql: Sql, seconds: number) => sql`clock_timestamp() + make_interval(secs => ${seconds})`

export type Holder = { readonly owner: string; readonly leaseSeconds: number }

/** Under the project's lock, so that a smaller id is always the earlier one. Its maker holds it. */
export async function insertDeploy(
  sql: Sql,
  deploy: Pick<Deploy, 'projectId' | 'deliveryId' | 'branch' | 'oldCommit' | 'newCommit' | 'logId'>,
  holder: Holder,
  now: Date,
): Promise<Deploy> {
  const { projectId, deliveryId, branch, oldCommit, newCommit, logId } = deploy
  const [row] = await sql<[Deploy]>`
    insert into deploys (project_id, delivery_id, branch, old_commit, new_commit, log_id, owner, epoch, lease_until, created_at)
    values (${projectId}, ${deliveryId}, ${branch}, ${oldCommit}, ${newCommit}, ${logId}, ${holder.owner}, 1,
      ${lease(sql, holder.leaseSeconds)}, ${now})
    returning ${columns(sql)}`
  return row
}

/** Its turn has come when no earlier deploy of the branch is unsettled; uploads follow one another likewise. */
export async function startDeployIfFirst(
  sql: Sql,
  { id, epoch }: DeployClaim,
  to: (typeof DEPLOY_MOVES)['waiting'][number],
): Promise<boolean> {
  const { count } = await sql`
    update deploys set state = ${to} where id = ${id} and epoch = ${epoch} and state = 'waiting' and not exists (
      select from deploys earlier where earlier.project_id = deploys.project_id and earlier.branch is not distinct from deploys.branch
        and earlier.id < deploys.id and earlier.settled_at is null)`
  return count === 1
}

/** Whether a later webhook waits for the same branch: it will deploy whatever the remote has by then. */
export async function hasLaterWebhook(
  sql: Sql,
  deploy: Pick<Deploy, 'id' | 'projectId'> & { readonly branch: string },
): Promise<boolean> {
  const rows = await sql`
    select from deploys join deliveries on deliveries.id = deploys.delivery_id
    where deploys.project_id = ${deploy.projectId} and branch = ${deploy.branch} and deploys.id > ${deploy.id}
      and deploys.settled_at is null and deploys.state = 'waiting' and deliveries.kind = 'webhook' limit 1`
  return rows.length > 0
}

/** The states it may come from are those that `DEPLOY_MOVES` lists; false: it is held by somebody else by now. */
export async function moveDeployIfHeld(
  sql: Sql,
  { id, epoch }: DeployClaim,
  to: OpenDeployState,
  set: { buildId?: BuildId; oldCommit?: string | null; newCommit?: string } = {},
): Promise<boolean> {
  const from = Object.entries(DEPLOY_MOVES).flatMap(([state, next]) => (isIn(next, to) ? [state] : []))
  const { count } = await sql`
    update deploys set state = ${to}
      ${set.buildId === undefined ? sql`` : sql`, build_id = ${set.buildId}`}
      ${set.oldCommit === undefined ? sql`` : sql`, old_commit = ${set.oldCommit}`}
      ${set.newCommit === undefined ? sql`` : sql`, new_commit = ${set.newCommit}`}
    where id = ${id} and epoch = ${epoch} and state::text = any(${from})`
  if (count === 1) await sql`select pg_notify('sluice', ${`deploy:${id}`})`
  return count === 1
}

const isIn = (states: readonly OpenDeployState[], state: OpenDeployState) => states.includes(state)

export type Finish =
  | { readonly state: 'live'; readonly revisionId: RevisionId }
  | { readonly state: 'declined' | 'failed' | 'replaced'; readonly problem: string }

/** `live` only from `releasing`, and unsettled: its branch must be moved yet. Every other end is settled at once. */
export async function finishDeployIfHeld(
  sql: Sql,
  { id, epoch }: DeployClaim,
  finish: Finish,
  now: Date,
): Promise<boolean> {
  const rows = await (finish.state === 'live'
    ? sql<{ projectId: ProjectId }[]>`
        update deploys set state = 'live', revision_id = ${finish.revisionId}, finished_at = ${now}
        where id = ${id} and epoch = ${epoch} and state = 'releasing' returning project_id as "projectId"`
    : sql<{ projectId: ProjectId }[]>`
        update deploys set state = ${finish.state}, problem = ${finish.problem}, finished_at = ${now}, settled_at = ${now}, lease_until = null
        where id = ${id} and epoch = ${epoch} and finished_at is null returning project_id as "projectId"`)
  for (const { projectId } of rows) await hint(sql, id, projectId)
  return rows.length === 1
}

/** The branch points at the deployed commit. */
export async function settleDeployIfHeld(sql: Sql, { id, epoch }: DeployClaim, now: Date): Promise<boolean> {
  const rows = await sql<{ projectId: ProjectId }[]>`
    update deploys set settled_at = ${now}, lease_until = null
    where id = ${id} and epoch = ${epoch} and state = 'live' and settled_at is null returning project_id as "projectId"`
  for (const { projectId } of rows) await hint(sql, id, projectId)
  return rows.length === 1
}

async function hint(sql: Sql, id: DeployId, projectId: ProjectId) {
  await sql`select pg_notify('sluice', ${`deploy:${id}`}), pg_notify('sluice', ${`project:${projectId}`})`
}

export async function renewDeployLease(sql: Sql, { id, epoch }: DeployClaim, leaseSeconds: number): Promise<boolean> {
  const { count } = await sql`
    update deploys set lease_until = ${lease(sql, leaseSeconds)} where id = ${id} and epoch = ${epoch} and settled_at is null`
  return count === 1
}

export type UnsettledDeploy = DeployClaim & { readonly owner: string | null; readonly isLapsed: boolean }

/** Oldest first: every deploy that somebody should be working on. */
export async function listUnsettledDeploys(sql: Sql): Promise<readonly UnsettledDeploy[]> {
  return sql<UnsettledDeploy[]>`
    select id, epoch, owner, coalesce(lease_until < clock_timestamp(), true) as "isLapsed"
    from deploys where settled_at is null order by id`
}

/** From whoever held it with this epoch. Undefined: somebody was first. */
export async function takeOverDeploy(
  sql: Sql,
  { id, epoch }: DeployClaim,
  holder: Holder,
): Promise<Deploy | undefined> {
  const [deploy] = await sql<Deploy[]>`
    update deploys set epoch = epoch + 1, owner = ${holder.owner}, lease_until = ${lease(sql, holder.leaseSeconds)},
      state = case when state in ('building', 'releasing') then 'checking' else state end
    where id = ${id} and epoch = ${epoch} and settled_at is null returning ${columns(sql)}`
  return deploy
}

export async function findDeploy(sql: Sql, id: DeployId): Promise<Deploy | undefined> {
  const [deploy] = await sql<Deploy[]>`select ${columns(sql)} from deploys where id = ${id}`
  return deploy
}
