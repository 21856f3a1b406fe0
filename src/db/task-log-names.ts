import type { LogId } from '../brand.ts'
import type { Sql } from './sql.ts'
import type { Claim } from './tasks.ts'

export type TaskLogName = {
  readonly logId: LogId
  /** Nothing more comes. */
  readonly isClosed: boolean
  readonly fullName: string
  readonly startedAt: Date
  readonly worker: string
  readonly projectId: string
  readonly workflow: string
  readonly sessionTime: Date
  readonly timezone: string
  readonly retryName: string
  readonly createdAt: Date
}

/** All that names the log of one start; undefined: it never came to run anything. */
export async function findTaskLogName(sql: Sql, { id, epoch }: Claim): Promise<TaskLogName | undefined> {
  const [name] = await sql<TaskLogName[]>`
    select run.log_id as "logId", closed_at is not null as "isClosed", full_name as "fullName", run.started_at as "startedAt", workers.name as worker,
      attempts.project_id as "projectId", workflow_name as workflow, session_time as "sessionTime", timezone,
      retry_name as "retryName", attempts.created_at as "createdAt"
    from task_runs run join logs on logs.id = run.log_id join tasks on tasks.id = run.task_id join workers on workers.id = run.worker_id
      join attempts on attempts.id = attempt_id join sessions on sessions.id = session_id join workflows on workflows.id = workflow_id
    where run.task_id = ${id} and run.epoch = ${epoch}`
  return name
}
