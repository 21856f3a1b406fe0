import { jsonText, type Sql } from './sql.ts'

/** Of one line of a workflow (attempt/task-type.ts). */
export type TaskCounts = {
  readonly task: string
  readonly started: number
  readonly succeeded: number
  readonly failed: number
  readonly retried: number
  readonly canceled: number
  readonly runtimeSeconds: number
  /** By attempt/runtime.ts: RUNTIME_BOUNDS. */
  readonly runtimeCounts: readonly number[]
}

/** What a worker did since its last beat. */
export type WorkCounts = {
  readonly tasks: readonly TaskCounts[]
  readonly queues: readonly { readonly queue: string; readonly finished: number }[]
}

/** How a worker's host fares. */
export type WorkerLoad = { readonly loadAverage: readonly number[]; readonly usage: object }

/** Still there, by the database's clock, and what it has done since: in one statement, so that all of it counts or nothing. In the order of keys: two workers that tell at once must not wait for each other. */
export async function beatWorker(sql: Sql, id: string, { tasks, queues }: WorkCounts, load: WorkerLoad): Promise<void> {
  const total = (key: 'started' | 'succeeded' | 'failed' | 'retried' | 'canceled') =>
    tasks.reduce((sum, counts) => sum + counts[key], 0)
  const processed = total('succeeded') + total('failed') + total('retried') + total('canceled')
  await sql`
    with beat as (
      update workers set heard_at = clock_timestamp(), beats = beats + 1, load_average = ${[...load.loadAverage]}::float8[],
        usage = ${jsonText(load.usage)}::text::json, processed = processed + ${processed}, started = started + ${total('started')},
        succeeded = succeeded + ${total('succeeded')}, failed = failed + ${total('failed')}, retried = retried + ${total('retried')}
      where id = ${id}
    ), totals as (
      insert into task_totals (worker_id, task, started, succeeded, failed, retried, canceled, runtime_seconds, runtime_counts, created_at, changed_at)
      select ${id}, task, started, succeeded, failed, retried, canceled, "runtimeSeconds", "runtimeCounts", clock_timestamp(), clock_timestamp()
      from json_to_recordset(${jsonText(tasks)}::text::json) as row (task text, started bigint, succeeded bigint, failed bigint, retried bigint,
        canceled bigint, "runtimeSeconds" float8, "runtimeCounts" bigint[])
      order by task
      on conflict (worker_id, task) do update set started = task_totals.started + excluded.started,
        succeeded = task_totals.succeeded + excluded.succeeded, failed = task_totals.failed + excluded.failed,
        retried = task_totals.retried + excluded.retried, canceled = task_totals.canceled + excluded.canceled,
        runtime_seconds = task_totals.runtime_seconds + excluded.runtime_seconds,
        runtime_counts = array(select a + b from unnest(task_totals.runtime_counts, excluded.runtime_counts) as both_counts (a, b)),
        changed_at = excluded.changed_at
    )
    insert into queue_minutes (queue, minute, finished)
    select queue, date_trunc('minute', clock_timestamp()), finished
    from json_to_recordset(${jsonText(queues)}::text::json) as row (queue text, finished bigint)
    order by queue
    on conflict (queue, minute) do update set finished = queue_minutes.finished + excluded.finished`
}

/** Minutes that no page shows any more, and lines of workflows that nobody has run for a month. A bounded piece of each; whoever calls comes again. */
export async function forgetOldCounts(sql: Sql, limit: number): Promise<void> {
  await sql`
    delete from queue_minutes where (queue, minute) in (
      select queue, minute from queue_minutes where minute < clock_timestamp() - interval '2 hours' limit ${limit})`
  await sql`
    delete from task_totals where (worker_id, task) in (
      select worker_id, task from task_totals where changed_at < clock_timestamp() - interval '30 days' limit ${limit})`
}
