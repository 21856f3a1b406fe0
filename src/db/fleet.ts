import { MOST_WAITING, type RunningTask, type ShownQueue, type ShownWorker } from '../shown/worker.ts'
import { heardSince } from './pages/shown.ts'
import type { Sql } from './sql.ts'

const DAY_MS = 24 * 3_600_000
const WEEK_MS = 7 * DAY_MS
const MOST_WORKERS = 200
const MOST_TASKS = 500
const MOST_QUEUES = 200

/** Those that are heard, those that were heard within the week, and those that were stopped within the day. */
export async function listWorkers(sql: Sql, now: Date): Promise<readonly ShownWorker[]> {
  const [dayAgo, weekAgo] = [new Date(now.getTime() - DAY_MS), new Date(now.getTime() - WEEK_MS)]
  return sql<ShownWorker[]>`
    select id, name, host, executor, engine, version, slots, queues, started_at as "startedAt", heard_at as "heardAt", stopped_at as "stoppedAt",
      processed::float8 as processed, succeeded::float8 as succeeded, failed::float8 as failed, problem, retried::float8 as retried,
      load_average as "loadAverage",
      case when stopped_at is not null then 'stopped' when heard_at <= ${heardSince(now)} then 'gone'
        when draining_at is not null then 'draining' else 'online' end as state,
      (select count(*)::int from tasks where worker_id = workers.id and state = 'running') as active
    from workers where (stopped_at is null and heard_at > ${weekAgo}) or stopped_at > ${dayAgo} order by name limit ${MOST_WORKERS}`
}

export async function listRunningTasks(sql: Sql): Promise<readonly RunningTask[]> {
  return sql<RunningTask[]>`
    select tasks.id, worker_id as "workerId", attempt_id as "attemptId", full_name as "fullName", projects.name as project,
      workflow_name as workflow, coalesce(tasks.started_at, tasks.changed_at) as "startedAt"
    from workers join tasks on tasks.worker_id = workers.id and tasks.state = 'running'
      join attempts on attempts.id = attempt_id join sessions on sessions.id = session_id join projects on projects.id = attempts.project_id
    order by workers.name, tasks.started_at limit ${MOST_TASKS}`
}

/** Every queue that a worker serves, or did until it was gone, a task waits in, or something came out of within the hour. The names of those that wait are found by leaps along the index, and counted no further than a page can say. */
export async function listQueues(sql: Sql, now: Date): Promise<readonly ShownQueue[]> {
  const rows = await sql<Omit<ShownQueue, 'perMinute'>[]>`
    with recursive waits as (
      (select queue from tasks where state = 'ready' order by queue limit 1)
      union all
      select (select queue from tasks where state = 'ready' and queue > waits.queue order by queue limit 1) from waits where waits.queue is not null
    ), serving as (
      select queue, count(*) filter (where draining_at is null and heard_at > ${heardSince(now)})::int as online
      from workers, unnest(queues) as queue
      where stopped_at is null and heard_at > ${new Date(now.getTime() - WEEK_MS)} group by queue
    ), flowing as (
      select queue, minute, finished from queue_minutes where minute > ${now}::timestamptz - interval '60 minutes' and minute <= ${now}
    ), names as (
      select queue from waits where queue is not null union select queue from serving union select queue from flowing
    )
    select queue, coalesce(online, 0) as online,
      (select count(*)::int from (select from tasks where state = 'ready' and tasks.queue = names.queue limit ${MOST_WAITING}) as counted) as waiting,
      (select min(ready_at) from tasks where state = 'ready' and tasks.queue = names.queue) as "oldestAt",
      (select array_agg(coalesce(finished, 0)::int order by slot) from generate_series(0, 59) as slot
        left join flowing on flowing.queue = names.queue and minute = date_trunc('minute', ${now}::timestamptz) - make_interval(mins => 59 - slot)) as minutes
    from names left join serving using (queue) order by queue limit ${MOST_QUEUES}`
  return rows.map((row) => ({ ...row, perMinute: perMinute(row.minutes, now) }))
}

const WINDOW = 5

/** This minute is not over: it counts for as long as it has lasted. */
function perMinute(minutes: readonly number[], now: Date): number {
  const finished = minutes.slice(-WINDOW).reduce((sum, count) => sum + count, 0)
  return finished / (WINDOW - 1 + (now.getTime() % 60_000) / 60_000)
}
