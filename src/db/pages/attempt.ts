import type { AttemptId, WorkflowId } from '../../brand.ts'
import type { Outcome, QueueWorkers, ShownAttempt, ShownTask } from '../../shown/attempt.ts'
import type { Sql } from '../sql.ts'
import { heardSince, shownState } from './shown.ts'

/** A page shows the first so many tasks of an attempt; the CLI lists them all. */
const MOST_TASKS = 1000
export async function findShownAttempt(sql: Sql, id: AttemptId, now: Date): Promise<ShownAttempt | undefined> {
  const [attempt] = await sql<(Omit<ShownAttempt, 'lastGood' | 'attempts' | 'recent'> & { sessionId: string })[]>`
    select attempts.id, projects.name as project, workflows.name as workflow, workflows.timezone,
      session_time as "sessionTime", attempts.index, retry_name as "retryName", ${shownState(sql)} as state,
      started_by as "startedBy", cancel_requested_by as "cancelRequestedBy", attempts.created_at as "createdAt",
      finished_at as "finishedAt", params, task_count as "taskCount", session_id as "sessionId",
      json_build_object('number', revisions.number, 'commit', revisions.commit, 'message', message, 'author', author) as revision
    from attempts join sessions on sessions.id = session_id join projects on projects.id = attempts.project_id
      join workflows on workflows.id = attempts.workflow_id join revisions on revisions.id = attempts.revision_id
    where attempts.id = ${id}`
  if (attempt === undefined) return undefined
  const { sessionId, ...rest } = attempt
  const [lastGood, attempts, recent] = await Promise.all([
    findLastGood(sql, id),
    listAttemptsOfSession(sql, sessionId),
    listRecentOutcomes(sql, id, now),
  ])
  return { ...rest, lastGood, attempts, recent }
}

async function findLastGood(sql: Sql, id: AttemptId): Promise<ShownAttempt['lastGood']> {
  const [good] = await sql<NonNullable<ShownAttempt['lastGood']>[]>`
    select attempts.id, revisions.number as revision, attempts.finished_at as "finishedAt"
    from attempts this join sessions mine on mine.id = this.session_id
      join sessions on sessions.project_id = mine.project_id and sessions.workflow_name = mine.workflow_name
        and sessions.session_time < mine.session_time
      join attempts on attempts.id = sessions.last_attempt_id join revisions on revisions.id = attempts.revision_id
    where this.id = ${id} and attempts.state = 'success' order by sessions.session_time desc limit 1`
  return good ?? null
}

async function listAttemptsOfSession(sql: Sql, sessionId: string): Promise<ShownAttempt['attempts']> {
  return sql<ShownAttempt['attempts'][number][]>`
    select id, index, ${shownState(sql)} as state from attempts where session_id = ${sessionId} order by index`
}

/** The newest 30 sessions of the attempt's workflow, oldest first. */
async function listRecentOutcomes(sql: Sql, id: AttemptId, now: Date): Promise<readonly Outcome[]> {
  const rows = await sql<Outcome[]>`
    select ${shownState(sql)} as state,
      extract(epoch from coalesce(finished_at, ${now}) - attempts.created_at)::float8 * 1000 as ms
    from sessions join attempts on attempts.id = last_attempt_id
    where (sessions.project_id, sessions.workflow_name) = (select s.project_id, s.workflow_name from attempts a join sessions s on s.id = a.session_id where a.id = ${id})
    order by session_time desc limit 30`
  return [...rows].reverse()
}

export async function listShownTasks(sql: Sql, attemptId: AttemptId): Promise<readonly ShownTask[]> {
  return sql<ShownTask[]>`
    select tasks.id, parent_id as "parentId", full_name as "fullName", kind, state, queue, upstreams::text[], log_id as "logId",
      error->>'message' as error, exit_cause as "exitCause", ready_at as "readyAt", retry_at as "retryAt",
      changed_at as "changedAt", workers.name as worker, runs.runs
    from (select * from tasks where attempt_id = ${attemptId} order by id limit ${MOST_TASKS}) as tasks
      left join workers on workers.id = worker_id
      cross join lateral (
        select coalesce(json_agg(json_build_object('epoch', epoch::text, 'logId', log_id::text, 'startedAt', started_at,
          'finishedAt', finished_at, 'outcome', outcome) order by epoch), '[]') as runs
        from task_runs where task_id = tasks.id
      ) as runs
    order by tasks.id`.then((rows) => rows.map(withDates))
}

/** Moments inside `json_agg` come back as text. */
function withDates(task: ShownTask): ShownTask {
  const runs = task.runs.map((run) => ({
    ...run,
    startedAt: new Date(run.startedAt),
    finishedAt: run.finishedAt === null ? null : new Date(run.finishedAt),
  }))
  return { ...task, runs }
}

/** Who serves the queues for which tasks of this attempt wait. */
export async function listQueueWorkers(sql: Sql, attemptId: AttemptId, now: Date): Promise<readonly QueueWorkers[]> {
  return sql<QueueWorkers[]>`
    select waiting.queue, count(*) filter (where online)::int as online, coalesce(sum(slots) filter (where online), 0)::int as slots,
      coalesce(sum(busy) filter (where online), 0)::int as busy, max(heard_at) as "lastHeardAt",
      (array_agg(case when is_holder then json_build_object('name', name, 'slots', slots, 'busy', busy, 'isOnline', online,
        'isDraining', draining_at is not null, 'problem', problem,
        'silentMs', extract(epoch from ${now}::timestamptz - heard_at) * 1000) end order by is_holder desc nulls last))[1] as holder
    from (select distinct queue from tasks where attempt_id = ${attemptId} and state = 'ready') as waiting
      left join lateral (
        select name, slots, heard_at, draining_at, problem, stopped_at is null and heard_at > ${heardSince(now)} as online,
          (select count(*) from tasks where worker_id = workers.id and state = 'running') as busy,
          exists (select from attempt_places place
            where place.attempt_id = ${attemptId} and place.queue = waiting.queue and place.worker_id = workers.id) as is_holder
        from workers where waiting.queue = any(queues)
      ) as serving on true
    group by waiting.queue`
}

/** What another attempt of the same session needs: the workflow that is live now, and a name that is not taken. */
export async function findAttemptToRetry(
  sql: Sql,
  id: AttemptId,
): Promise<{ workflowId: WorkflowId | null; attempts: number } | undefined> {
  const [attempt] = await sql<{ workflowId: WorkflowId | null; attempts: number }[]>`
    select current.id as "workflowId", (select max(index) from attempts every where every.session_id = sessions.id) as attempts
    from attempts join sessions on sessions.id = session_id join projects on projects.id = attempts.project_id
      left join workflows current on current.revision_id = current_revision_id and current.name = workflow_name
    where attempts.id = ${id}`
  return attempt
}
