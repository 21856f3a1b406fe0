import type { Node, Path, Slice, Waiting } from '../attempt/decide.ts'
import type { TaskId } from '../brand.ts'
import type { LockedAttempt } from './attempts.ts'
import type { Sql } from './sql.ts'

export type LoadedSlice = { readonly slice: Slice; readonly epoch: string }
type Row = Node & { readonly epoch: string }

/**
 * What one event on task `id` can change, by index alone: a group of 10,000 costs what a group of 10 does.
 * Ids inside JSON are cast: as JSON numbers they would never equal ours.
 */
export async function findSlice(
  sql: Sql,
  attempt: LockedAttempt,
  id: TaskId,
  maxTasks: number,
): Promise<LoadedSlice | undefined> {
  const [task, ...groups] = await listPath(sql, id)
  if (task === undefined) return undefined
  const path: Path = [task, ...groups]
  const heads = task.kind === 'group' && task.state === 'planned' ? await listHeads(sql, id) : []
  const isCanceling = attempt.cancelRequestedBy !== null
  return { slice: { isCanceling, taskCount: attempt.taskCount, maxTasks, path, heads }, epoch: task.epoch }
}

function listPath(sql: Sql, id: TaskId): Promise<readonly Row[]> {
  return sql<Row[]>`
    with recursive path as (
      select id, parent_id, 0 as height, null::bigint as below from tasks where id = ${id}
      union all
      select tasks.id, tasks.parent_id, height + 1, path.id from tasks join path on tasks.id = path.parent_id
    )
    select task.id, kind, full_name as "fullName", state, config, static_export as exports, epoch, retry,
      is_delayed_error as "isDelayedError", error is not null as "hasError", state_params as "stateParams",
      is_retryable as "isRetryable",
      exists (select from tasks child where child.parent_id = task.id and child.id is distinct from path.below
        and child.state in ('ready', 'retry_waiting', 'group_retry_waiting', 'running', 'planned', 'unknown')) as "hasOpenChild",
      exists (select from tasks child where child.parent_id = task.id and child.id is distinct from path.below
        and child.state in ('error', 'group_error', 'canceled') and not child.is_superseded) as "hasFailedChild",
      (select coalesce(json_agg(json_build_object('id', next.id::text, 'kind', next.kind) order by next.id), '[]')
        from tasks next where next.state = 'blocked' and next.upstreams @> array[task.id]
          and not exists (select from tasks up where up.id = any(next.upstreams) and up.id <> task.id and up.state <> 'success')
      ) as next
    from path join tasks task using (id) order by height`
}

function listHeads(sql: Sql, id: TaskId): Promise<readonly Waiting[]> {
  return sql<
    Waiting[]
  >`select id, kind from tasks where parent_id = ${id} and state = 'blocked' and upstreams = '{}' order by id`
}
