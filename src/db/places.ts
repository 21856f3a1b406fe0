import type { AttemptId, TaskId } from '../brand.ts'
import type { Sql } from './sql.ts'

/*
 * Which worker has the workspace of an attempt: all ready tasks of the attempt in that queue are that worker's.
 * A place is taken by a claim (tasks.ts) and left when its attempt ends (attempts.ts), or here.
 */

/** Where nothing of the attempt was started, or is about to be, there is nothing to keep: another worker may do better. */
export async function leavePlaceIfUnused(sql: Sql, attemptId: AttemptId, workerId: string): Promise<void> {
  await sql`
    delete from attempt_places where attempt_id = ${attemptId} and worker_id = ${workerId} and not exists (
      select from task_runs join tasks on tasks.id = task_id where attempt_id = ${attemptId} and task_runs.worker_id = ${workerId})
    and not exists (select from tasks where attempt_id = ${attemptId} and worker_id = ${workerId} and state = 'running')`
}

/** A worker that comes again and hears other queues than before. */
export async function leavePlacesOfOtherQueues(sql: Sql, workerId: string, queues: readonly string[]): Promise<void> {
  await sql`delete from attempt_places where worker_id = ${workerId} and queue <> all(${[...queues]})`
}

/** Of workers that nobody has heard for so long, by the database's clock. */
export async function leavePlacesOfSilent(sql: Sql, seconds: number): Promise<void> {
  await sql`
    delete from attempt_places where worker_id in (
      select id from workers where heard_at < clock_timestamp() - make_interval(secs => ${seconds}))`
}

/** A ring reaches any worker of the queue; this reaches the one that has the place. */
export async function hintHolders(sql: Sql, ids: readonly TaskId[]): Promise<void> {
  await sql`
    select pg_notify('sluice', 'worker:' || worker_id) from (
      select distinct place.worker_id from attempt_places place
        join tasks on tasks.attempt_id = place.attempt_id and tasks.queue = place.queue
      where tasks.id = any(${[...ids]}::bigint[])) as holders`
}
