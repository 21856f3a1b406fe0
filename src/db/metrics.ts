import { SILENT_AFTER_MS } from './pages/shown.ts'
import { elsewhere } from './schedules.ts'
import type { Sql } from './sql.ts'

type Count<Key extends string> = Readonly<Record<Key, string>> & { readonly count: number }

/** How the installation stands, from counters and from indexes of what is open: no look at history. */
export type Standing = {
  readonly attemptsRunning: number
  readonly attemptEnds: readonly Count<'state'>[]
  readonly tasks: readonly Count<'state'>[]
  readonly queues: readonly (Count<'queue'> & { readonly oldestSeconds: number })[]
  readonly builds: readonly Count<'state'>[]
  readonly deploysOpen: number
  readonly schedules: readonly Count<'state'>[]
  /** How late the most overdue schedule is. */
  readonly scheduleDelaySeconds: number
  readonly workers: readonly WorkerStanding[]
}

export type WorkerStanding = {
  readonly name: string
  readonly isOnline: boolean
  readonly slots: number
  readonly running: number
  readonly processed: number
  readonly failed: number
  readonly silentSeconds: number
}

/** Whoever was silent for longer is not shown any more. */
const SHOWN_DAYS = 1

export async function readStanding(sql: Sql): Promise<Standing> {
  const [[one], attemptEnds, tasks, queues, builds, schedules, workers] = await Promise.all([
    readSingles(sql),
    sql<Count<'state'>[]>`select state, ended::float8 as count from attempt_ends order by state`,
    sql<Count<'state'>[]>`
      select state, count(*)::float8 as count from tasks
      where state in ('ready', 'retry_waiting', 'group_retry_waiting', 'running', 'planned', 'unknown') group by state order by state`,
    sql<Standing['queues'][number][]>`
      select queue, count(*)::float8 as count, greatest(0, extract(epoch from clock_timestamp() - min(ready_at)))::float8 as "oldestSeconds"
      from tasks where state = 'ready' group by queue order by queue`,
    sql<Count<'state'>[]>`
      select state, count(*)::float8 as count from builds where state in ('queued', 'running') group by state order by state`,
    sql<Count<'state'>[]>`
      select case when ${elsewhere(sql)} is not null then 'elsewhere' when disabled_at is not null then 'off' when held_at is not null then 'held'
        when refused_because is not null then 'refused' when waiting_since is not null then 'waiting' else 'on' end as state, count(*)::float8 as count
      from schedules group by 1 order by 1`,
    readWorkers(sql),
  ])
  return { ...one, attemptEnds, tasks, queues, builds, schedules, workers }
}

const readSingles = (sql: Sql) => sql<[Pick<Standing, 'attemptsRunning' | 'deploysOpen' | 'scheduleDelaySeconds'>]>`
  select (select used::float8 from limits where name = 'active_attempts') as "attemptsRunning",
    (select count(*)::float8 from deploys where settled_at is null and finished_at is null) as "deploysOpen",
    (select coalesce(greatest(0, extract(epoch from clock_timestamp() - min(next_run_at))), 0)::float8
      from schedules where disabled_at is null and held_at is null and waiting_since is null and ${elsewhere(sql)} is null) as "scheduleDelaySeconds"`

const readWorkers = (sql: Sql) => sql<WorkerStanding[]>`
  select name, stopped_at is null and heard_at > clock_timestamp() - ${SILENT_AFTER_MS} * interval '1 ms' as "isOnline", slots,
    processed::float8 as processed, failed::float8 as failed,
    greatest(0, extract(epoch from clock_timestamp() - heard_at))::float8 as "silentSeconds",
    (select count(*)::float8 from tasks where worker_id = workers.id and state = 'running') as running
  from workers where heard_at > clock_timestamp() - ${SHOWN_DAYS} * interval '1 day' order by name`
