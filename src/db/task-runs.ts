import { gzipSync } from 'node:zlib'
import type { TaskEvent } from '../attempt/decide.ts'
import type { TaskState } from '../attempt/task.ts'
import type { LogId } from '../brand.ts'
import type { Sql } from './sql.ts'
import type { Claim } from './tasks.ts'

/** A start of a task, with a log of its own that begins with `head`: our words, which do not count as taken from the source. */
export async function insertTaskRun(
  sql: Sql,
  { id, epoch }: Claim,
  { workerId, head }: { workerId: string; head: string },
  now: Date,
): Promise<LogId> {
  const bytes = Buffer.from(head)
  const chunks = bytes.length === 0 ? 0 : 1
  const [run] = await sql<[{ logId: LogId }]>`
    with log as (insert into logs (stored_bytes, next_seq) values (${bytes.length}, ${chunks}) returning id),
      head as (
        insert into log_chunks (log_id, seq, at, bytes, raw_bytes)
        select log.id, 0, ${now}, ${gzipSync(bytes, { level: 1 })}, ${bytes.length}::int from log where ${chunks}::int > 0
      )
    insert into task_runs (task_id, epoch, worker_id, log_id, started_at)
    select ${id}, ${epoch}, ${workerId}, log.id, ${now} from log returning log_id as "logId"`
  return run.logId
}

/** Nothing to end when it was never started. */
export async function endTaskRun(
  sql: Sql,
  { id, epoch }: Claim,
  { event, state }: { event: TaskEvent; state: TaskState },
  now: Date,
): Promise<void> {
  const exitCause = 'exitCause' in event ? event.exitCause : undefined
  await sql`
    update task_runs set finished_at = ${now}, outcome = ${outcomeOf(event, state)}, exit_cause = ${exitCause ?? null}
    where task_id = ${id} and epoch = ${epoch} and finished_at is null`
}

function outcomeOf(event: TaskEvent, state: TaskState): string {
  if (state === 'canceled') return 'canceled'
  if (event.kind === 'lost') return 'lost'
  if (state === 'retry_waiting') return 'retry'
  return event.kind === 'succeeded' ? 'success' : 'error'
}

export type TaskRun = {
  readonly epoch: string
  readonly logId: LogId
  readonly startedAt: Date
  readonly finishedAt: Date | null
}

/** Undefined: this start never came to run anything. */
export async function findTaskRun(sql: Sql, { id, epoch }: Claim): Promise<TaskRun | undefined> {
  const [run] = await sql<TaskRun[]>`
    select epoch, log_id as "logId", started_at as "startedAt", finished_at as "finishedAt"
    from task_runs where task_id = ${id} and epoch = ${epoch}`
  return run
}

/** Starts of this worker whose task has gone on without them: their commands, if they still live, are to be ended. */
export async function listStrayRuns(sql: Sql, workerId: string): Promise<readonly Claim[]> {
  return sql<Claim[]>`
    select run.task_id as id, run.epoch, attempt_id as "attemptId"
    from task_runs run join tasks on tasks.id = run.task_id join attempts on attempts.id = attempt_id
    where run.worker_id = ${workerId} and attempts.state = 'running' and (run.finished_at is null or outcome = 'lost')
      and (run.epoch < tasks.epoch or tasks.state not in ('running', 'unknown'))`
}
