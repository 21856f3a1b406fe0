import { elsewhere } from '../schedules.ts'
import type { Sql } from '../sql.ts'

export type RailRow = {
  readonly name: string
  readonly isLive: boolean
  readonly failed: number
  readonly running: number
  readonly unknown: number
  readonly held: number
}

/** Every project with how the newest session of each of its workflows stands, and its schedules that are held. */
export async function listRailRows(sql: Sql): Promise<readonly RailRow[]> {
  return sql<RailRow[]>`
    select projects.name, current_revision_id is not null as "isLive",
      count(*) filter (where last.state = 'error')::int as failed,
      count(*) filter (where last.state = 'running')::int as running,
      count(*) filter (where last."hasUnknown")::int as unknown,
      (select count(*)::int from schedules
        where project_id = projects.id and held_at is not null and disabled_at is null and ${elsewhere(sql)} is null) as held
    from projects
      left join workflows on workflows.revision_id = current_revision_id
      left join lateral (
        select attempts.state, attempts.state = 'running' and exists (
          select from tasks where tasks.attempt_id = attempts.id and tasks.state = 'unknown') as "hasUnknown"
        from sessions join attempts on attempts.id = last_attempt_id
        where sessions.project_id = projects.id and sessions.workflow_name = workflows.name
        order by session_time desc limit 1
      ) as last on true
    where deleted_at is null
    group by projects.id, projects.name, current_revision_id order by projects.name`
}
