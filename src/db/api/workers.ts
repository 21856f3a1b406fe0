import type { Sql } from '../sql.ts'

export type WorkerRow = {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly executor: 'docker' | 'process'
  readonly engine: string | null
  readonly slots: number
  readonly running: number
  readonly queues: readonly string[]
  readonly processed: string
  readonly failed: string
  readonly startedAt: Date
  readonly heardAt: Date
  readonly stoppedAt: Date | null
}

/** At most 500, those that are heard first. */
export function listWorkers(sql: Sql): Promise<readonly WorkerRow[]> {
  return sql<WorkerRow[]>`
    select id, name, host, executor, engine, slots, queues, processed, failed,
      (select count(*)::int from tasks where worker_id = workers.id and state = 'running') as running,
      started_at as "startedAt", heard_at as "heardAt", stopped_at as "stoppedAt"
    from workers order by stopped_at is not null, heard_at desc limit 500`
}
