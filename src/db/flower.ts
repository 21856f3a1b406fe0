import type { PendingQuery, Row } from 'postgres'
import type { TaskId } from '../brand.ts'
import type { Sql } from './sql.ts'
import type { TaskCounts } from './work-counts.ts'

/** A task as Celery knows one: what SQL can say of it, so that it can also look for it. */
export type CeleryTask = {
  readonly uuid: string
  readonly name: string
  readonly state: CeleryState
  readonly queue: string
  readonly worker: string | null
  readonly readyAt: Date | null
  readonly startedAt: Date | null
  readonly changedAt: Date
  readonly retryAt: Date | null
  readonly starts: number
  readonly epoch: number
  readonly error: string | null
  readonly stacktrace: string | null
  readonly exitCause: string | null
  readonly startedBy: string
  readonly rootUuid: string
  readonly parentUuid: string | null
  readonly children: readonly string[]
}

type CeleryState = 'PENDING' | 'RECEIVED' | 'STARTED' | 'SUCCESS' | 'FAILURE' | 'RETRY' | 'REVOKED'

/** Flower keeps so many of the newest tasks in memory and knows nothing of older ones; we look no further back, groups included. */
const WINDOW = 20_000
const MOST_CHILDREN = 100
const MOST_TOTALS = 2_000
const MOST_ACTIVE = 2_000

/** As Celery writes none: parameters are many, and may hold secrets. */
export const NO_ARGUMENTS = { args: '()', kwargs: '{}' } as const

/** Bounds are moments; what is null is not asked for. */
export type TaskFilter = {
  readonly worker: string | null
  readonly name: string | null
  readonly state: string | null
  readonly receivedFrom: Date | null
  readonly receivedTo: Date | null
  readonly search: TaskSearch
}

/** A word is looked for in one field, or in all. */
export type TaskSearch =
  | { readonly all: readonly TaskSearch[] }
  | { readonly any: readonly TaskSearch[] }
  | { readonly field: SearchField | null; readonly text: string }
export type SearchField = 'name' | 'uuid' | 'state' | 'worker' | 'args' | 'kwargs' | 'result'

export type TaskPage = {
  readonly sortBy: SortKey
  readonly isDescending: boolean
  readonly limit: number
  readonly offset: number
}
export type SortKey =
  | 'name'
  | 'uuid'
  | 'state'
  | 'worker'
  | 'received'
  | 'started'
  | 'runtime'
  | 'retries'
  | 'timestamp'

type FoundTasks = { readonly tasks: readonly CeleryTask[] /** On all pages. */; readonly found: number }

/** The newest tasks that a worker has had to do with or may yet have. Whatever is asked, the window bounds the work. */
export async function listCeleryTasks(sql: Sql, filter: TaskFilter, page: TaskPage): Promise<FoundTasks> {
  const order = page.isDescending ? sql`desc nulls last` : sql`asc nulls first`
  const isSearch = !('all' in filter.search && filter.search.all.length === 0)
  const rows = await sql<(CeleryTask & { found: number })[]>`
    with newest as (
      select id, attempt_id, parent_id, full_name, state, kind, queue, worker_id, ready_at, started_at, changed_at, retry_at, starts, epoch, error, exit_cause
      from tasks order by id desc limit ${WINDOW}
    ), known as (${celery(sql, sql`newest`)}),
    ${isSearch ? searchable(sql) : sql``}
    found as (
      select *, count(*) over ()::int as found from ${isSearch ? sql`searchable` : sql`known`} where kind = 'operator' and "readyAt" is not null ${conditions(sql, filter)}
      order by ${sortKeys(sql)[page.sortBy]} ${order}, id desc limit ${page.limit} offset ${page.offset}
    )
    select found.*, ${family(sql)} from found order by ${sortKeys(sql)[page.sortBy]} ${order}, id desc`
  return { tasks: rows, found: rows[0]?.found ?? 0 }
}

/** All that could be found. */
export async function countCeleryTasks(sql: Sql): Promise<number> {
  const [{ count }] = await sql<[{ count: number }]>`
    select count(*)::int from (select kind, ready_at from tasks order by id desc limit ${WINDOW}) as newest
    where kind = 'operator' and ready_at is not null`
  return count
}

export async function findCeleryTask(sql: Sql, id: TaskId): Promise<CeleryTask | undefined> {
  const [task] = await sql<CeleryTask[]>`
    with found as (${celery(sql, sql`(select * from tasks where id = ${id}) as newest`)})
    select found.*, ${family(sql)} from found`
  return task
}

/** Ids are numbers; Celery's are UUIDs: of version 8, with the id in hexadecimal. */
const uuid = (sql: Sql, id: ReturnType<Sql>) =>
  sql`'00000000-' || lpad(to_hex(${id} >> 48), 4, '0') || '-8000-8000-' || lpad(to_hex(${id} & 281474976710655), 12, '0')`

/** As attempt/task-type.ts has it. */
const taskName = (sql: Sql) =>
  sql`projects.name || '/' || regexp_replace(substr(full_name, 2), '(\\^sub\\+(for|range|loop))-[^+^]*', '\\1', 'g')`

const celery = (sql: Sql, source: ReturnType<Sql>) => sql`
  select newest.id, newest.attempt_id, newest.parent_id, kind, ${uuid(sql, sql`newest.id`)} as uuid,
    ${taskName(sql)} as name,
    case when newest.state in ('running', 'planned', 'unknown') then 'STARTED' when newest.state = 'ready' then 'RECEIVED'
      when newest.state = 'success' then 'SUCCESS' when newest.state in ('error', 'group_error') then 'FAILURE'
      when newest.state in ('retry_waiting', 'group_retry_waiting') then 'RETRY' when newest.state = 'canceled' then 'REVOKED'
      else 'PENDING' end as state,
    queue, workers.name as worker, ready_at as "readyAt", newest.started_at as "startedAt", changed_at as "changedAt", retry_at as "retryAt",
    starts, epoch::float8 as epoch, error ->> 'message' as error, error ->> 'stacktrace' as stacktrace, exit_cause as "exitCause",
    attempts.started_by as "startedBy"
  from ${source} join attempts on attempts.id = newest.attempt_id join projects on projects.id = attempts.project_id
    left join workers on workers.id = worker_id`

/** Asked only for what is shown. */
const family = (sql: Sql) => sql`
  (select ${uuid(sql, sql`root.id`)} from tasks root where root.attempt_id = found.attempt_id order by id limit 1) as "rootUuid",
  ${uuid(sql, sql`parent_id`)} as "parentUuid",
  array(select ${uuid(sql, sql`child.id`)} from tasks child where child.parent_id = found.id order by id limit ${MOST_CHILDREN}) as children`

const sortKeys = (sql: Sql): Record<SortKey, ReturnType<Sql>> => ({
  name: sql`name`,
  uuid: sql`uuid`,
  state: sql`state`,
  worker: sql`worker`,
  received: sql`"readyAt"`,
  started: sql`"startedAt"`,
  runtime: sql`"changedAt" - "startedAt"`,
  retries: sql`starts`,
  timestamp: sql`"changedAt"`,
})

function conditions(sql: Sql, { worker, name, state, receivedFrom, receivedTo, search }: TaskFilter) {
  return sql`
    ${worker === null ? sql`` : sql`and worker = ${worker}`} ${name === null ? sql`` : sql`and name = ${name}`}
    ${state === null ? sql`` : sql`and state = ${state}`}
    ${receivedFrom === null ? sql`` : sql`and "readyAt" >= ${receivedFrom}`}
    ${receivedTo === null ? sql`` : sql`and "readyAt" <= ${receivedTo}`}
    and ${searchFor(sql, search)}`
}

function searchFor(sql: Sql, search: TaskSearch): PendingQuery<Row[]> {
  if ('all' in search) return search.all.reduce((before, one) => sql`${before} and ${searchFor(sql, one)}`, sql`true`)
  if ('any' in search)
    return sql`(${search.any.reduce((before, one) => sql`${before} or ${searchFor(sql, one)}`, sql`false`)})`
  const { field, text } = search
  if (field === 'state') return sql`state = upper(${text})`
  return sql`strpos(${searched(sql, field)}, lower(${text})) > 0`
}

/** Made once for each row, however many words are looked for. */
const searchable = (sql: Sql) => sql`
  searchable as materialized (
    select *, lower(concat_ws('|', error, "exitCause")) as result,
      lower(concat_ws('|', name, uuid, state, worker, ${NO_ARGUMENTS.args}::text, ${NO_ARGUMENTS.kwargs}::text, error, "exitCause")) as anywhere
    from known
  ),`

function searched(sql: Sql, field: Exclude<SearchField, 'state'> | null) {
  switch (field) {
    case null:
      return sql`anywhere`
    case 'result':
      return sql`result`
    case 'args':
    case 'kwargs':
      return sql`${NO_ARGUMENTS[field]}::text`
    default:
      return sql`lower(${sql(field)})`
  }
}

export type TaskTotal = TaskCounts & {
  readonly workerId: string
  readonly worker: string
  readonly createdAt: Date
}

/** What was counted by worker and line of a workflow, of those that ran last. */
export async function listTaskTotals(sql: Sql): Promise<readonly TaskTotal[]> {
  return sql<TaskTotal[]>`
    select * from (
      select worker_id as "workerId", workers.name as worker, task, task_totals.started::float8 as started,
        task_totals.succeeded::float8 as succeeded, task_totals.failed::float8 as failed, task_totals.retried::float8 as retried,
        canceled::float8 as canceled, runtime_seconds as "runtimeSeconds", runtime_counts::float8[] as "runtimeCounts", created_at as "createdAt"
      from task_totals join workers on workers.id = worker_id order by changed_at desc limit ${MOST_TOTALS}
    ) as newest order by worker, task`
}

/** What the process of a worker says of itself. */
export type WorkerProcess = {
  readonly id: string
  readonly pid: number
  readonly beats: number
  readonly started: number
  readonly usage: Readonly<Partial<Record<keyof NodeJS.ResourceUsage, number>>>
}

export async function listWorkerProcesses(sql: Sql, ids: readonly string[]): Promise<readonly WorkerProcess[]> {
  return sql<WorkerProcess[]>`
    select id, pid, beats::float8 as beats, started::float8 as started, usage from workers where id = any(${[...ids]}::bigint[])`
}

/** A task that a worker has, or will have again when its time to be retried comes. */
export type HeldTask = {
  readonly workerId: string
  readonly uuid: string
  readonly name: string
  readonly state: 'running' | 'retry_waiting'
  readonly queue: string
  readonly readyAt: Date | null
  readonly startedAt: Date | null
  readonly retryAt: Date | null
  /** It is claimed, and its command has been started. */
  readonly hasBegun: boolean
  readonly isCancelRequested: boolean
}

export async function listHeldTasks(sql: Sql): Promise<readonly HeldTask[]> {
  return sql<HeldTask[]>`
    with held as (
      (select id from tasks where state = 'running' and next_check_at is not null order by next_check_at limit ${MOST_ACTIVE})
      union all
      (select id from tasks where state = 'retry_waiting' and next_check_at is not null order by next_check_at limit ${MOST_ACTIVE})
    )
    select worker_id as "workerId", ${uuid(sql, sql`tasks.id`)} as uuid,
      ${taskName(sql)} as name, tasks.state, queue, ready_at as "readyAt", tasks.started_at as "startedAt", retry_at as "retryAt",
      tasks.started_at >= tasks.changed_at as "hasBegun", is_cancel_requested as "isCancelRequested"
    from held join tasks using (id) join attempts on attempts.id = attempt_id join projects on projects.id = attempts.project_id
    where worker_id is not null order by tasks.id`
}
