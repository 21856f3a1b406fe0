import { leavePlacesOfOtherQueues } from './places.ts'
import type { Sql } from './sql.ts'

export type NewWorker = {
  /** Stable over restarts: host and the folder it locked. */
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly executor: 'docker' | 'process'
  /** Version of the Docker engine. */
  readonly engine: string | null
  readonly slots: number
  readonly queues: readonly string[]
  /** Of Sluice. */
  readonly version: string
}

export async function isWorkerKnown(sql: Sql, name: string): Promise<boolean> {
  return (await sql`select from workers where name = ${name}`).length > 0
}

/** The row of this name, made or taken over: what it held when it died is still its own, but for attempts in queues that it hears no more. */
export async function putWorker(sql: Sql, worker: NewWorker, now: Date): Promise<string> {
  const [row] = await sql<[{ id: string }]>`
    insert into workers (name, host, pid, executor, engine, slots, queues, version, started_at, heard_at)
    values (${worker.name}, ${worker.host}, ${worker.pid}, ${worker.executor}, ${worker.engine}, ${worker.slots}, ${[...worker.queues]}, ${worker.version},
      ${now}, clock_timestamp())
    on conflict (name) do update set host = excluded.host, pid = excluded.pid, executor = excluded.executor, engine = excluded.engine,
      slots = excluded.slots, queues = excluded.queues, version = excluded.version, started_at = excluded.started_at, heard_at = excluded.heard_at, stopped_at = null, draining_at = null,
      problem = null
    returning id`
  await leavePlacesOfOtherQueues(sql, row.id, worker.queues)
  await sql`select pg_notify('sluice', 'workers')`
  return row.id
}

/** From now on it claims nothing more. */
export async function drainWorker(sql: Sql, id: string, now: Date): Promise<void> {
  await sql`update workers set draining_at = ${now} where id = ${id} and draining_at is null`
  await sql`select pg_notify('sluice', 'workers')`
}

/** Why it takes no new work; null: it takes some. */
export async function putWorkerProblem(sql: Sql, id: string, problem: string | null): Promise<void> {
  await sql`update workers set problem = ${problem} where id = ${id}`
  await sql`select pg_notify('sluice', 'workers')`
}

export async function stopWorker(sql: Sql, id: string, now: Date): Promise<void> {
  await sql`update workers set stopped_at = ${now} where id = ${id}`
  await sql`select pg_notify('sluice', 'workers')`
}

/** Of the workers that can build and were heard after `heardAfter`: undefined when there are none, else why none of them takes work; null: one does. */
export async function findProblemOfBuilders(sql: Sql, heardAfter: Date): Promise<string | null | undefined> {
  const [best] = await sql<{ problem: string | null }[]>`
    select problem from workers where stopped_at is null and heard_at > ${heardAfter} and executor = 'docker'
    order by problem nulls first limit 1`
  return best?.problem
}
