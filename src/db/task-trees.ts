import { birthStates } from '../attempt/birth.ts'
import type { KeptTask } from '../attempt/resume.ts'
import { isOpen, type TaskState } from '../attempt/task.ts'
import type { AttemptId, JsonObject, TaskId } from '../brand.ts'
import type { PlannedTask } from '../workflow/tree.ts'
import { jsonText, type Sql } from './sql.ts'
import type { MovedTask } from './tasks.ts'

export type NewTree = {
  readonly attemptId: AttemptId
  /** Null: the root of the attempt. */
  readonly parentId: TaskId | null
  /** Parents before children, upstreams before what waits for them. */
  readonly tasks: readonly PlannedTask[]
  /** What the first task waits for outside of this tree. */
  readonly after: readonly TaskId[]
  readonly isGenerated: boolean
  readonly kept: ReadonlyMap<string, KeptTask>
}

export type PlantedTree = {
  readonly rootIds: readonly TaskId[]
  readonly ready: readonly MovedTask[]
  readonly isOpen: boolean
}

const NOTHING: PlantedTree = { rootIds: [], ready: [], isOpen: false }

export async function insertTree(sql: Sql, tree: NewTree, now: Date): Promise<PlantedTree> {
  const [planted = NOTHING] = await insertTrees(sql, [tree], now)
  return planted
}

/** Inserts tasks in the states in which they begin, all at once. `isOpen` says whether anything of a tree is still to come. */
export async function insertTrees(sql: Sql, trees: readonly NewTree[], now: Date): Promise<readonly PlantedTree[]> {
  const total = trees.reduce((sum, { tasks }) => sum + tasks.length, 0)
  if (total === 0) return trees.map(() => NOTHING)
  const [ids, queues] = await Promise.all([takeIds(sql, total), findQueues(sql, trees)])
  let taken = 0
  const rows = trees.map((tree, index) => {
    const own = ids.slice(taken, taken + tree.tasks.length)
    taken += own.length
    return rowsOf(tree, own, queues[index] ?? 'default')
  })
  await insertRows(sql, rows.flat(), now)
  await addToTaskCounts(sql, trees)
  return trees.map((tree, index) => plantedOf(tree, rows[index] ?? []))
}

function insertRows(sql: Sql, rows: readonly Row[], now: Date) {
  return sql`
    insert into tasks (id, attempt_id, parent_id, full_name, kind, config, static_export, upstreams, is_initial, state, queue,
      store_params, export_params, reset_params, has_store, changed_at, ready_at, next_check_at)
    overriding system value
    select row.id, row."attemptId", row."parentId", row."fullName", row.kind, row.config, row.exports, row.upstreams, row."isInitial", row.state,
      row.queue, row.store, row.export, row.reset, row.store::text <> '{}' or row.reset::text <> '[]', ${now},
      case row.state when 'ready' then ${now}::timestamptz end, case row.state when 'ready' then ${now}::timestamptz + interval '5 s' end
    from json_to_recordset(${jsonText(rows)}::text::json) as row (id bigint, "attemptId" bigint, "parentId" bigint, "fullName" text, kind text,
      config json, exports json, upstreams bigint[], "isInitial" boolean, state task_state, queue text, store json, export json, reset json)`
}

function addToTaskCounts(sql: Sql, trees: readonly NewTree[]) {
  const added = trees.map(({ attemptId, tasks }) => ({ attemptId, count: tasks.length }))
  return sql`
    update attempts set task_count = task_count + row.count
    from json_to_recordset(${jsonText(added)}::text::json) as row ("attemptId" bigint, count int) where id = row."attemptId"`
}

function rowsOf(tree: NewTree, ids: readonly TaskId[], queue: string): readonly Row[] {
  const { tasks } = tree
  const queues = queuesOf(tasks, queue)
  const born = birthStates(tasks, new Set(tree.kept.keys()))
  const waits = tree.after.length > 0
  const states = waits ? born.map((state) => (state === 'success' ? state : 'blocked')) : born
  return tasks.map((task, index) => ({
    ...rowOf(tree, task, ids, index, states[index] ?? 'blocked'),
    queue: queues[index] ?? queue,
  }))
}

function plantedOf({ tasks, after }: NewTree, rows: readonly Row[]): PlantedTree {
  const roots = rows.filter((_, index) => tasks[index]?.parent === null)
  return {
    rootIds: roots.map(({ id }) => id),
    ready: rows.filter(({ state }) => state === 'ready').map(asMoved),
    isOpen: (tasks.length > 0 && after.length > 0) || roots.some(({ state }) => isOpen(state)),
  }
}

/** `_queue` holds for all that is below, too, until another is named; read as written. */
function queuesOf(tasks: readonly PlannedTask[], above: string): readonly string[] {
  const queues: string[] = []
  for (const { config, parent } of tasks) {
    const inherited = parent === null ? above : queues[parent] // parents come before children
    queues.push(typeof config._queue === 'string' ? config._queue : (inherited ?? above))
  }
  return queues
}

type Row = ReturnType<typeof rowOf> & { readonly queue: string }

function rowOf(tree: NewTree, task: PlannedTask, ids: readonly TaskId[], index: number, state: TaskState) {
  const idOf = (at: number) => ids[at] as TaskId // one id was taken for each task
  const kept = state === 'success' ? tree.kept.get(task.fullName) : undefined
  return {
    id: idOf(index),
    attemptId: tree.attemptId,
    parentId: task.parent === null ? tree.parentId : idOf(task.parent),
    fullName: task.fullName,
    kind: task.kind,
    config: task.config,
    exports: task.exports,
    upstreams: [...(index === 0 ? tree.after : []), ...task.upstreams.map(idOf)],
    isInitial: !(tree.isGenerated && task.parent === null),
    state,
    store: kept?.store ?? {},
    export: kept?.export ?? {},
    reset: kept?.reset ?? [],
  }
}

const asMoved = ({ id, state, queue, parentId }: Row): MovedTask => ({
  id,
  epoch: '0',
  state,
  queue,
  parentId,
  retryAt: null,
})

/** In order: a task's id is greater than its parent's and its upstreams'. */
async function takeIds(sql: Sql, count: number): Promise<readonly TaskId[]> {
  const rows = await sql<{ id: TaskId }[]>`
    select nextval(pg_get_serial_sequence('tasks', 'id')) as id from generate_series(1, ${count})`
  return rows.map(({ id }) => id)
}

/** The queue that each tree is planted in: its parent's. */
async function findQueues(sql: Sql, trees: readonly NewTree[]): Promise<readonly (string | undefined)[]> {
  const parentIds = trees.flatMap(({ parentId }) => (parentId === null ? [] : [parentId]))
  if (parentIds.length === 0) return []
  const rows = await sql<{ id: TaskId; queue: string }[]>`
    select id, queue from tasks where id = any(${parentIds}::bigint[])`
  const queues = new Map(rows.map(({ id, queue }) => [id, queue]))
  return trees.map(({ parentId }) => (parentId === null ? undefined : queues.get(parentId)))
}

/** What a retried operator or group had under it counts no more. */
export async function supersedeChildren(sql: Sql, parentIds: readonly TaskId[]): Promise<void> {
  if (parentIds.length === 0) return
  await sql`update tasks set is_superseded = true where parent_id = any(${[...parentIds]}::bigint[]) and not is_superseded`
}

/** A group's own tree as it was planned, from its newest rows: what operators generated is not in it, they will generate it again (as in Digdag). */
export async function listOwnTree(sql: Sql, groupId: TaskId): Promise<readonly PlannedTask[]> {
  const rows = await sql<
    (Omit<PlannedTask, 'parent' | 'upstreams'> & { id: TaskId; parentId: TaskId; upstreams: TaskId[] })[]
  >`
    with recursive own as (
      select id, kind from tasks where parent_id = ${groupId} and is_initial and not is_superseded
      union all
      select tasks.id, tasks.kind from tasks join own on tasks.parent_id = own.id and own.kind = 'group'
      where tasks.is_initial and not tasks.is_superseded
    )
    select id, parent_id as "parentId", full_name as "fullName", tasks.kind, config, static_export as exports, upstreams
    from own join tasks using (id) order by id`
  const indexes = new Map(rows.map(({ id }, index) => [id, index]))
  const indexOf = (id: TaskId) => indexes.get(id) ?? null
  return rows.map(({ id: _, parentId, upstreams, ...task }) => ({
    ...task,
    parent: indexOf(parentId),
    upstreams: upstreams.map(indexOf).filter((index) => index !== null),
  }))
}

export type Leavings = { readonly stores: readonly JsonObject[]; readonly errors: readonly JsonObject[] }

/** What the tasks below a failed one stored, and their errors, in the order of ids. */
export async function findLeavings(sql: Sql, id: TaskId): Promise<Leavings> {
  const rows = await sql<{ store: JsonObject; error: JsonObject | null; failed: boolean }[]>`
    with recursive below as (
      select id from tasks where parent_id = ${id} and not is_superseded
      union all
      select tasks.id from tasks join below on tasks.parent_id = below.id where not is_superseded
    )
    select store_params as store, error, state = 'error' as failed
    from below join tasks using (id) where has_store or state = 'error' order by id`
  return {
    stores: rows.map(({ store }) => store),
    errors: rows.flatMap(({ error, failed }) => (failed && error !== null ? [error] : [])),
  }
}
