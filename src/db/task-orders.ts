import { listUpstreams } from '../attempt/upstreams.ts'
import type { AttemptId, Digest, JsonObject, ProjectId, SessionId, TaskId } from '../brand.ts'
import type { Plan } from '../environment/plan.ts'
import type { ParamLayer } from '../workflow/params.ts'
import type { Sql } from './sql.ts'
import type { Claim } from './tasks.ts'

/** All that a worker needs to run a task. */
export type TaskOrder = {
  readonly taskId: TaskId
  readonly attemptId: AttemptId
  readonly fullName: string
  readonly queue: string
  readonly config: JsonObject
  readonly exports: JsonObject
  /** No start of this row came to run anything before. */
  readonly isFirstRun: boolean
  readonly attemptParams: JsonObject
  readonly retryName: string
  readonly cancelRequestedBy: string | null
  readonly sessionId: SessionId
  readonly sessionUuid: string
  readonly sessionTime: Date
  readonly projectId: ProjectId
  readonly projectName: string
  readonly timezone: string
  readonly sourceDigest: Digest
  /** Null: none is needed, or none was built. */
  readonly image: string | null
  readonly imageKey: string | null
  readonly plan: Plan
  /** Some task of the attempt has stored something. */
  readonly hasStores: boolean
}

/** Undefined when the claim is no longer ours. */
export async function findTaskOrder(sql: Sql, { id, epoch }: Claim): Promise<TaskOrder | undefined> {
  const [order] = await sql<TaskOrder[]>`
    select tasks.id as "taskId", attempts.id as "attemptId", full_name as "fullName", queue, tasks.config, static_export as exports,
      not exists (select from task_runs run where run.task_id = tasks.id and run.epoch < tasks.epoch) as "isFirstRun",
      attempts.params as "attemptParams", retry_name as "retryName", cancel_requested_by as "cancelRequestedBy",
      sessions.id as "sessionId", uuid as "sessionUuid", session_time as "sessionTime",
      projects.id as "projectId", projects.name as "projectName", timezone, source_digest as "sourceDigest", plan, image_key as "imageKey",
      (select tag from images where key = image_key) as image,
      exists (select from tasks any_task where any_task.attempt_id = attempts.id and has_store) as "hasStores"
    from tasks
      join attempts on attempts.id = attempt_id
      join sessions on sessions.id = session_id
      join projects on projects.id = attempts.project_id
      join revisions on revisions.id = attempts.revision_id
      join workflows on workflows.id = attempts.workflow_id
    where tasks.id = ${id} and epoch = ${epoch} and tasks.state in ('running', 'unknown')`
  return order
}

type Step = {
  readonly id: TaskId
  readonly height: number
  readonly isInParallel: boolean
  readonly exported: JsonObject
  readonly made: JsonObject
  readonly store: JsonObject
  readonly reset: readonly string[]
}
type Stored = {
  readonly height: number
  /** Of those that were waited for, the one that made the store or has the maker below it. */
  readonly upstream: TaskId
  readonly params: JsonObject
  readonly reset: readonly string[]
}

/** What a task sees, the lowest first: for each ancestor, and then itself, the stores of what it waited for and its exports; an ancestor's own store last (as in Digdag). */
export async function listParamLayers(
  sql: Sql,
  { taskId, hasStores }: Pick<TaskOrder, 'taskId' | 'hasStores'>,
): Promise<readonly ParamLayer[]> {
  const path = await listPath(sql, taskId)
  const stores = hasStores ? await listUpstreamStores(sql, taskId) : []
  const layers = path.map(async ({ exported, made, store, reset, ...step }) => {
    const before = stores.filter(({ height }) => height === step.height)
    const own = step.height === 0 ? [] : [{ params: made }, { params: store, reset }]
    return [...(step.isInParallel ? await putInOrder(sql, step.id, before) : before), { params: exported }, ...own]
  })
  return (await Promise.all(layers)).flat()
}

function listPath(sql: Sql, id: TaskId): Promise<readonly Step[]> {
  return sql<Step[]>`
    with recursive path as (
      select id, parent_id, 0 as height from tasks where id = ${id}
      union all
      select tasks.id, tasks.parent_id, height + 1 from tasks join path on tasks.id = path.parent_id
    )
    select id, height, exists (select from tasks parent where parent.id = path.parent_id and parent.config -> '_parallel' is not null) as "isInParallel",
      static_export as exported, export_params as made, store_params as store, reset_params as reset
    from path join tasks using (id) order by height desc`
}

/** By the height of the ancestor that waited for them: of all its upstreams, near and far, each followed by all that is below it. */
function listUpstreamStores(sql: Sql, id: TaskId): Promise<readonly Stored[]> {
  return sql<Stored[]>`
    with recursive path as (
      select id, parent_id, upstreams, 0 as height from tasks where id = ${id}
      union all
      select tasks.id, tasks.parent_id, tasks.upstreams, height + 1 from tasks join path on tasks.id = path.parent_id
    ), above (height, id) as (
      select height, unnest(upstreams) from path
      union
      select height, unnest(tasks.upstreams) from above join tasks using (id)
    ), below (height, upstream, id, way) as (
      select height, id, id, array[id] from above
      union all
      select height, upstream, tasks.id, way || tasks.id from below join tasks on tasks.parent_id = below.id
    )
    select height, upstream, store_params as params, reset_params as reset
    from below join tasks using (id) where has_store order by way`
}

/** In parallel a task may name what it waits for, so that their order is not that of their ids. */
async function putInOrder(sql: Sql, id: TaskId, stores: readonly Stored[]): Promise<readonly Stored[]> {
  if (new Set(stores.map(({ upstream }) => upstream)).size < 2) return stores
  const siblings = await sql<{ id: TaskId; upstreams: readonly TaskId[] }[]>`
    select id, upstreams from tasks where parent_id = (select parent_id from tasks where id = ${id})`
  const upstreams = new Map(siblings.map((one) => [one.id, one.upstreams]))
  const order = listUpstreams(id, (sibling) => upstreams.get(sibling) ?? [])
  return order.flatMap((upstream) => stores.filter((one) => one.upstream === upstream))
}
