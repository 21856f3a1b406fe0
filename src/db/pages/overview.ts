import type { Incident, NextRun, RunningAttempt, WorkflowCounts } from '../../shown/overview.ts'
import type { ShownProjectRow } from '../../shown/project.ts'
import { elsewhere } from '../schedules.ts'
import type { Sql } from '../sql.ts'

const MOST = 20

/** Live workflows whose newest session failed, tasks that nobody knows of, and schedules that are held, or cannot start a session. Newest first. */
export async function listIncidents(sql: Sql): Promise<readonly Incident[]> {
  return sql<Incident[]>`
    select * from (
      select 'failed' as kind, projects.name as project, workflows.name as workflow, last.id as "attemptId", last.at, failed.full_name as task,
        coalesce(failed.error->>'message', failed.exit_cause) as why, null as "taskId"
      from projects join workflows on workflows.revision_id = current_revision_id
        cross join lateral (
          select attempts.id, attempts.state, finished_at as at from sessions join attempts on attempts.id = last_attempt_id
          where sessions.project_id = projects.id and sessions.workflow_name = workflows.name order by session_time desc limit 1
        ) as last
        left join lateral (
          select full_name, error, exit_cause from tasks where attempt_id = last.id and state = 'error' order by id limit 1
        ) as failed on true
      where deleted_at is null and last.state = 'error'
      union all
      select 'unknown', projects.name, workflow_name, attempts.id, tasks.changed_at, full_name, exit_cause, tasks.id
      from attempts join tasks on tasks.attempt_id = attempts.id and tasks.state = 'unknown'
        join sessions on sessions.id = session_id join projects on projects.id = attempts.project_id
      where attempts.state = 'running'
      union all
      select 'held', projects.name, workflow_name, null, held_at, null, null, null
      from schedules join projects on projects.id = project_id
      where held_at is not null and disabled_at is null and ${elsewhere(sql)} is null and deleted_at is null
      union all
      select 'refused', projects.name, workflow_name, null, schedules.updated_at, null, refused_because, null
      from schedules join projects on projects.id = project_id
      where refused_because is not null and held_at is null and disabled_at is null and ${elsewhere(sql)} is null and deleted_at is null
    ) as incidents order by at desc limit ${MOST}`
}

export async function listRunningAttempts(sql: Sql): Promise<readonly RunningAttempt[]> {
  return sql<RunningAttempt[]>`
    select attempts.id, projects.name as project, workflow_name as workflow, attempts.created_at as "startedAt",
      counted.running, counted.failed, counted.now, usual.ms as "usualMs"
    from (select * from attempts where state = 'running' order by id desc limit ${MOST}) as attempts
      join sessions on sessions.id = session_id join projects on projects.id = attempts.project_id
      cross join lateral (
        select count(*) filter (where tasks.state = 'running')::int as running, count(*) filter (where tasks.state = 'error')::int as failed,
          min(full_name) filter (where tasks.state = 'running') as now
        from tasks where attempt_id = attempts.id
      ) as counted
      cross join lateral (
        select percentile_cont(0.5) within group (order by ms)::float8 as ms from (
          select extract(epoch from finished_at - past.created_at) * 1000 as ms
          from sessions before join attempts past on past.id = before.last_attempt_id
          where before.project_id = sessions.project_id and before.workflow_name = sessions.workflow_name and past.state = 'success'
          order by session_time desc limit 10
        ) as durations
      ) as usual
    order by attempts.id desc`
}

export async function listNextRuns(sql: Sql): Promise<readonly NextRun[]> {
  return sql<NextRun[]>`
    select projects.name as project, workflow_name as workflow, next_run_at as "runAt"
    from schedules join projects on projects.id = project_id
    where disabled_at is null and held_at is null and waiting_since is null and ${elsewhere(sql)} is null and deleted_at is null
    order by next_run_at limit 6`
}

/** Workflows that are live, and of those that ran, how many passed last time. */
export async function countWorkflows(sql: Sql): Promise<WorkflowCounts> {
  const [counts] = await sql<[WorkflowCounts]>`
    select count(*) filter (where last.state is not null)::int as ran, count(*) filter (where last.state = 'success')::int as passed
    from projects join workflows on workflows.revision_id = current_revision_id
      left join lateral (
        select attempts.state from sessions join attempts on attempts.id = last_attempt_id
        where sessions.project_id = projects.id and sessions.workflow_name = workflows.name and attempts.state <> 'running'
        order by session_time desc limit 1
      ) as last on true
    where deleted_at is null`
  return counts
}

/** By name, after `after`. */
export async function listProjectRows(
  sql: Sql,
  { after, limit }: { after: string; limit: number },
): Promise<readonly ShownProjectRow[]> {
  return sql<ShownProjectRow[]>`
    select projects.name, revisions.number as revision, commit, revisions.created_at as "liveAt",
      (select count(*)::int from workflows where workflows.revision_id = current_revision_id) as workflows,
      (select min(next_run_at) from schedules where schedules.project_id = projects.id and disabled_at is null and held_at is null and waiting_since is null and ${elsewhere(sql)} is null) as "nextRunAt",
      newest.state as "deployState"
    from projects left join revisions on revisions.id = current_revision_id
      left join lateral (select state from deploys where deploys.project_id = projects.id order by id desc limit 1) as newest on true
    where deleted_at is null and projects.name > ${after} order by projects.name limit ${limit}`
}
