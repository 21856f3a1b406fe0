import type { Move, OpenTask } from '../attempt/decide.ts'
import type { RetryPolicy } from '../attempt/retry.ts'
import type { TaskError, TaskState } from '../attempt/task.ts'
import type { AttemptId, TaskId } from '../brand.ts'
import { jsonText, type Sql } from './sql.ts'

/** A task that a worker took: its result counts only while the task still has this epoch. */
export type Claim = { readonly id: TaskId; readonly epoch: string; readonly attemptId: AttemptId }
export type MovedTask = {
  readonly id: TaskId
  readonly epoch: string
  readonly state: TaskState
  readonly queue: string
  readonly parentId: TaskId | null
  readonly retryAt: Date | null
  /** Why it failed; absent: it has just been planted. */
  readonly error?: TaskError | null
}

/** How long a ready task may be silent before the sweep rings again. */
const SILENCE_SECONDS = 5

type ClaimRequest = {
  readonly workerId: string
  readonly queues: readonly string[]
  readonly limit: number
  readonly leaseSeconds: number
}

/**
 * Takes up to `limit` ready tasks of `queues`, oldest first. The one move without the attempt's lock: whoever moves a ready task elsewhere locks its row first.
 * What was lost to another worker makes room for what comes after it: nobody would ring for that again.
 */
export async function claimReadyTasks(sql: Sql, claim: ClaimRequest, now: Date): Promise<readonly Claim[]> {
  const claims: Claim[] = []
  for (let mayBeMore = true; mayBeMore && claims.length < claim.limit; ) {
    const due = await claimDue(sql, sql`order by ready_at, tasks.id limit ${claim.limit - claims.length}`, claim, now)
    const won = due.filter(isWon)
    claims.push(...won)
    mayBeMore = won.length < due.length
  }
  return claims
}

/** The same for one attempt: the task that its finished one let go, without a hop over the queue. */
export async function claimReadyTaskOf(
  sql: Sql,
  attemptId: AttemptId,
  claim: Omit<ClaimRequest, 'limit'>,
  now: Date,
): Promise<Claim | undefined> {
  const due = await claimDue(sql, sql`and attempt_id = ${attemptId} order by tasks.id limit 1`, claim, now)
  return due.find(isWon)
}

/** Without an epoch another worker was faster with the place of its attempt. */
type Due = Omit<Claim, 'epoch'> & { readonly epoch: string | null }
const isWon = (due: Due): due is Claim => due.epoch !== null

/**
 * What another worker has the place of is left to that worker. Of two that come to an attempt at once, the second waits in `taken` for the first,
 * finds the place taken, and leaves the tasks as they are.
 */
async function claimDue(
  sql: Sql,
  which: ReturnType<Sql>,
  { workerId, queues, leaseSeconds }: Omit<ClaimRequest, 'limit'>,
  now: Date,
): Promise<readonly Due[]> {
  return sql<Due[]>`
    with due as (
      select tasks.id, attempt_id, queue from tasks where state = 'ready' and queue = any(${[...queues]}) and not exists (
        select from attempt_places place
        where place.attempt_id = tasks.attempt_id and place.queue = tasks.queue and place.worker_id <> ${workerId})
      ${which} for update of tasks skip locked
    ), taken as (
      insert into attempt_places (attempt_id, queue, worker_id)
      select distinct attempt_id, queue, ${workerId}::bigint from due order by attempt_id, queue
      on conflict do nothing returning attempt_id, queue
    ), ours as (
      select attempt_id, queue from taken
      union all select attempt_id, queue from attempt_places join due using (attempt_id, queue) where worker_id = ${workerId}
    ), lease as (select clock_timestamp() + make_interval(secs => ${leaseSeconds}) as until), won as (
      update tasks set state = 'running', epoch = epoch + 1, starts = starts + 1, worker_id = ${workerId},
        lease_until = lease.until, next_check_at = lease.until, is_retryable = true, retry = null, changed_at = ${now}
      from due, lease where tasks.id = due.id and (due.attempt_id, due.queue) in (select attempt_id, queue from ours)
      returning tasks.id, tasks.epoch
    )
    select due.id, won.epoch, due.attempt_id as "attemptId" from due left join won using (id)`
}

/** Says, before the command starts, whether a lost start may be repeated. False: the claim is no longer ours. */
export async function beginTaskIfClaimed(
  sql: Sql,
  { id, epoch }: Claim,
  { logId, isRetryable, retry }: { logId: string; isRetryable: boolean; retry: RetryPolicy | null },
  now: Date,
): Promise<boolean> {
  const begun = await sql`
    update tasks set log_id = ${logId}, is_retryable = ${isRetryable}, started_at = ${now},
      retry = ${retry === null ? null : jsonText(retry)}::text::json
    where id = ${id} and epoch = ${epoch} and state = 'running'`
  return begun.count === 1
}

/** All or nothing, each guarded by the state it comes from. Under the attempt's lock a move that finds its task elsewhere is a bug, so it fails the transaction. */
export async function moveTasks(sql: Sql, moves: readonly Move[], now: Date): Promise<readonly MovedTask[]> {
  if (moves.length === 0) return []
  const moved = await sql<MovedTask[]>`
    update tasks set state = move.to, changed_at = ${now}, lease_until = null, retry_at = move."retryAt",
      ready_at = case move.to when 'ready' then ${now} else ready_at end,
      next_check_at = case when move.to = 'ready' then ${now}::timestamptz + make_interval(secs => ${SILENCE_SECONDS}) else move."retryAt" end,
      state_params = coalesce(move."stateParams", state_params),
      is_delayed_error = is_delayed_error or coalesce(move."isDelayedError", false),
      error = case when move.from in ('running', 'unknown') then move.error else tasks.error end,
      exit_cause = case when move.from in ('running', 'unknown') then move."exitCause" else exit_cause end,
      decided_by = coalesce(move."decidedBy", decided_by),
      store_params = coalesce(move.result -> 'store', store_params),
      export_params = coalesce(move.result -> 'export', export_params),
      reset_params = coalesce(move.result -> 'reset', reset_params),
      has_store = has_store or coalesce(move.result ->> 'store' <> '{}' or move.result ->> 'reset' <> '[]', false)
    from json_to_recordset(${jsonText(moves)}::text::json)
      as move (id bigint, "from" task_state, "to" task_state, "retryAt" timestamptz, "stateParams" json, "isDelayedError" boolean,
        error json, "exitCause" text, "decidedBy" text, result json)
    where tasks.id = move.id and tasks.state = move.from
    returning tasks.id, epoch, state, queue, parent_id as "parentId", retry_at as "retryAt", tasks.error`
  if (moved.length !== moves.length) throw new Error(`only ${moved.length} moved of ${JSON.stringify(moves)}`)
  return moved
}

/** Failed groups that stay planned until their `_error` tasks are over. */
export async function delayErrors(sql: Sql, ids: readonly TaskId[]): Promise<void> {
  if (ids.length === 0) return
  await sql`update tasks set is_delayed_error = true where id = any(${[...ids]}::bigint[]) and state = 'planned'`
}

/** The rows of an attempt that a kill moves or waits for, by id and locked: a claim under way is either seen or waited for. */
export async function lockOpenTasks(sql: Sql, attemptId: AttemptId): Promise<readonly OpenTask[]> {
  return sql<OpenTask[]>`
    select id, state, parent_id as "parentId" from tasks where attempt_id = ${attemptId}
      and state in ('ready', 'retry_waiting', 'group_retry_waiting', 'running', 'planned', 'unknown')
    order by id for no key update`
}

export async function flagCancelRequested(sql: Sql, attemptId: AttemptId): Promise<void> {
  await sql`
    update tasks set is_cancel_requested = true
    where attempt_id = ${attemptId} and state not in ('success', 'error', 'group_error', 'canceled')`
}

export type Lease = { readonly id: TaskId; readonly epoch: string; readonly isCancelRequested: boolean }

/**
 * What a worker may take up: what runs, and what others gave up as unknown while it was away. Of what the worker itself gave up it has ended the run,
 * and kept no trace of it, so that it would start it again.
 */
const isToBeTakenUp = (sql: Sql) => sql`
  (tasks.state = 'running' or (tasks.state = 'unknown' and not exists (
    select from task_runs run where run.task_id = tasks.id and run.epoch = tasks.epoch and run.finished_at is not null)))`

/** Renews what is still ours, locked in the order of ids as a kill locks them, and takes back what was given up as unknown meanwhile. What is missing in the answer is somebody else's, or over. */
export async function renewLeases(
  sql: Sql,
  workerId: string,
  claims: readonly Claim[],
  leaseSeconds: number,
): Promise<readonly Lease[]> {
  if (claims.length === 0) return []
  const ours = claims.map(({ id, epoch }) => ({ id, epoch }))
  return sql<Lease[]>`
    with ours as materialized (
      select tasks.id from tasks, json_to_recordset(${jsonText(ours)}::text::json) as our (id bigint, epoch bigint)
      where tasks.id = our.id and tasks.epoch = our.epoch and worker_id = ${workerId} and ${isToBeTakenUp(sql)}
      order by tasks.id for no key update of tasks
    ), lease as (select clock_timestamp() + make_interval(secs => ${leaseSeconds}) as until)
    update tasks set state = 'running', lease_until = lease.until, next_check_at = lease.until
    from lease, ours where tasks.id = ours.id
    returning tasks.id, tasks.epoch, is_cancel_requested as "isCancelRequested"`
}

/** What this worker runs and somebody wants to end. */
export async function listCancelRequested(sql: Sql, workerId: string): Promise<readonly TaskId[]> {
  const rows = await sql<{ id: TaskId }[]>`
    select id from tasks where worker_id = ${workerId} and state = 'running' and is_cancel_requested`
  return rows.map(({ id }) => id)
}

/** What this worker held when it died or lost its lease. */
export async function listClaimsOfWorker(sql: Sql, workerId: string): Promise<readonly Claim[]> {
  return sql<Claim[]>`
    select id, epoch, attempt_id as "attemptId" from tasks where worker_id = ${workerId} and ${isToBeTakenUp(sql)} order by id`
}

export type Overdue = {
  readonly id: TaskId
  readonly attemptId: AttemptId
  readonly state: TaskState
  readonly epoch: string
  readonly queue: string
}

/** Ready, and nobody has come for them: the longest silent first. Apart from what is overdue: thousands that wait for a slot must not hold up a delay that is over. */
export async function listSilentTasks(sql: Sql, limit: number, now: Date): Promise<readonly Overdue[]> {
  return sql<Overdue[]>`
    select id, attempt_id as "attemptId", state, epoch, queue from tasks
    where next_check_at <= ${now} and state = 'ready' order by next_check_at limit ${limit}`
}

/** Delays that are over, and running ones whose lease ran out, oldest first. */
export async function listOverdueTasks(sql: Sql, limit: number, now: Date): Promise<readonly Overdue[]> {
  return sql<Overdue[]>`
    select id, attempt_id as "attemptId", state, epoch, queue from tasks
    where next_check_at <= case when state = 'running' then clock_timestamp() else ${now} end and state <> 'ready'
    order by next_check_at limit ${limit}`
}

export async function checkAgainAt(sql: Sql, ids: readonly TaskId[], at: Date): Promise<void> {
  if (ids.length === 0) return
  await sql`update tasks set next_check_at = ${at} where id = any(${[...ids]}::bigint[]) and state = 'ready'`
}

/** Leases go by the database's clock, delays by ours. */
export async function lookAgainIn(sql: Sql, { id, epoch, state }: Overdue, seconds: number, now: Date): Promise<void> {
  await sql`
    update tasks set next_check_at = case state when 'running' then clock_timestamp() else ${now} end + make_interval(secs => ${seconds})
    where id = ${id} and epoch = ${epoch} and state = ${state} and next_check_at is not null
      and (state <> 'running' or lease_until < clock_timestamp())`
}

export type SilentTask = {
  readonly state: TaskState
  readonly epoch: string
  readonly silentSeconds: number
  readonly isRetryable: boolean
  readonly hasBegun: boolean
  readonly worker: string
}

/** Until the end of the transaction nobody begins it, renews its lease, or claims it. */
export async function lockTask(sql: Sql, id: TaskId): Promise<void> {
  await sql`select from tasks where id = ${id} for no key update`
}

/** A running task whose lease has run out, by the database's clock; undefined: it is well. */
export async function findSilentTask(sql: Sql, id: TaskId): Promise<SilentTask | undefined> {
  const [task] = await sql<SilentTask[]>`
    select tasks.state, epoch, extract(epoch from clock_timestamp() - lease_until)::float8 as "silentSeconds", is_retryable as "isRetryable",
      exists (select from task_runs run where run.task_id = tasks.id and run.epoch = tasks.epoch) as "hasBegun", workers.name as worker
    from tasks join workers on workers.id = worker_id
    where tasks.id = ${id} and state = 'running' and lease_until < clock_timestamp()`
  return task
}
