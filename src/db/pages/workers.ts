import type { RunningTask, ShownQueue, ShownWorker } from '../../shown/worker.ts'
import type { Sql } from '../sql.ts'
import { heardSince } from './shown.ts'

/** Those that should be heard, and those that were stopped within the day. */
export async function listShownWorkers(sql: Sql, now: Date): Promise<readonly ShownWorker[]> {
  const dayAgo = new Date(now.getTime() - 24 * 3_600_000)
  return sql<ShownWorker[]>`
    select id, name, host, executor, engine, slots, queues, started_at as "startedAt", heard_at as "heardAt", processed::float8 as processed,
      failed::float8 as failed,
      case when stopped_at is not null then 'stopped' when heard_at > ${heardSince(now)} then 'online' else 'silent' end as status,
      (select count(*)::int from tasks where worker_id = workers.id and state = 'running') as active
    from workers where stopped_at is null or stopped_at > ${dayAgo} order by name limit 200`
}

export async function listRunningTasks(sql: Sql): Promise<readonly RunningTask[]> {
  return sql<RunningTask[]>`
    select tasks.id, worker_id as "workerId", attempt_id as "attemptId", full_name as "fullName", projects.name as project,
      workflow_name as workflow, tasks.started_at as "startedAt"
    from workers join tasks on tasks.worker_id = workers.id and tasks.state = 'running'
      join attempts on attempts.id = attempt_id join sessions on sessions.id = session_id join projects on projects.id = attempts.project_id
    order by workers.name, tasks.started_at limit 500`
}

/** Every queue that a worker serves or a task waits in. */
export async function listShownQueues(sql: Sql, now: Date): Promise<readonly ShownQueue[]> {
  return sql<ShownQueue[]>`
    with waiting as (select queue, count(*)::int as waiting, min(ready_at) as "oldestAt" from tasks where state = 'ready' group by queue),
      serving as (
        select queue, count(*)::int as online from workers, unnest(queues) as queue
        where stopped_at is null and heard_at > ${heardSince(now)} group by queue
      )
    select queue, coalesce(waiting, 0) as waiting, "oldestAt", coalesce(online, 0) as online
    from waiting full join serving using (queue) order by queue`
}
