import { afterAll, beforeAll } from 'vitest'
import type { AttemptPorts } from '../../src/app/finish-task.ts'
import { finishTask } from '../../src/app/finish-task.ts'
import { type Start, startAttempt } from '../../src/app/start-attempt.ts'
import type { TaskEvent } from '../../src/attempt/decide.ts'
import type { AttemptId, JsonObject, ProjectId, WorkflowId } from '../../src/brand.ts'
import type { Database } from '../../src/db/sql.ts'
import { type Claim, claimReadyTasks } from '../../src/db/tasks.ts'
import type { Ring, WakeUps } from '../../src/queue/wake-ups.ts'

export const now = new Date('2026-03-28T06:00:00Z')
const DIGEST = `sha256:${'0'.repeat(64)}`

/** Ports over real wake-ups, opened before the tests of a suite and closed after them. `rung` is what was asked of them. */
export function openPorts(sql: Database, open: () => Promise<WakeUps>) {
  let real: WakeUps | undefined
  const rung: Ring[] = []
  beforeAll(async () => {
    real = await open()
  })
  afterAll(async () => real?.close())
  const ring = async (rings: readonly Ring[]) => {
    rung.push(...rings)
    await real?.ring(rings)
  }
  return { sql, rung, wakeUps: { ring } }
}

/** A project with one released workflow. */
export async function makeWorkflow(
  sql: Database,
  config: JsonObject,
  { project = 'p', name = 'wf', timezone = 'UTC' }: { project?: string; name?: string; timezone?: string } = {},
): Promise<{ projectId: ProjectId; workflowId: WorkflowId }> {
  await sql`insert into sources (digest, bytes, md5, created_at) values (${DIGEST}, 0, '', ${now}) on conflict do nothing`
  await sql`insert into projects (name, created_at) values (${project}, ${now}) on conflict (name) where deleted_at is null do nothing`
  const [made] = await sql<[{ id: ProjectId; number: number }]>`
    update projects set next_revision = next_revision + 1 where name = ${project} and deleted_at is null
    returning id, next_revision - 1 as number`
  const [revision] = await sql<[{ id: string }]>`
    insert into revisions (project_id, number, name, source_digest, plan, created_at, created_by)
    values (${made.id}, ${made.number}, ${`r${made.number}`}, ${DIGEST}, '{}', ${now}, 'ana') returning id`
  await sql`update projects set current_revision_id = ${revision.id} where id = ${made.id}`
  const [workflow] = await sql<[{ id: WorkflowId }]>`
    insert into workflows (project_id, revision_id, name, timezone, config)
    values (${made.id}, ${revision.id}, ${name}, ${timezone}, ${JSON.stringify(config)}::text::json) returning id`
  return { projectId: made.id, workflowId: workflow.id }
}

let minutes = 0
/** A session time that no other test has used. */
export const freshTime = () => new Date(now.getTime() + 60_000 * minutes++)

export async function startOne(ports: AttemptPorts, config: JsonObject, rest: Partial<Start> = {}): Promise<AttemptId> {
  const workflowId = rest.workflowId ?? (await makeWorkflow(ports.sql, config)).workflowId
  const start = {
    sessionTime: freshTime(),
    params: {},
    retryName: '',
    resume: null,
    startedBy: 'ana',
    ...rest,
    workflowId,
  }
  return (await startAttempt(ports, start, now)).attemptId
}

export async function makeWorker(sql: Database, name = 'w1'): Promise<string> {
  const [worker] = await sql<[{ id: string }]>`
    insert into workers (name, host, pid, executor, slots, queues, started_at, heard_at)
    values (${name}, 'h', 1, 'process', 4, '{default}', ${now}, ${now})
    on conflict (name) do update set pid = 1 returning id`
  return worker.id
}

export const claimTasks = (sql: Database, workerId: string, limit = 100, leaseSeconds = 10) =>
  claimReadyTasks(sql, { workerId, queues: ['default'], limit, leaseSeconds }, now)

export const SUCCEEDED = {
  kind: 'succeeded',
  result: { store: {}, export: {}, reset: [] },
  subtasks: null,
} as const satisfies TaskEvent
export const FAILED = { kind: 'failed', error: { message: 'it broke' } } as const satisfies TaskEvent

/** Claims and finishes all that is ready, until nothing is. `outcome` answers by full name. */
export async function runAll(
  ports: AttemptPorts,
  workerId: string,
  outcome: (fullName: string) => TaskEvent,
): Promise<string[]> {
  const order: string[] = []
  for (
    let claims = await claimTasks(ports.sql, workerId);
    claims.length > 0;
    claims = await claimTasks(ports.sql, workerId)
  ) {
    for (const claim of claims) {
      const fullName = await nameOf(ports.sql, claim)
      order.push(fullName)
      await finishTask(ports, { claim, event: outcome(fullName) }, now)
    }
  }
  return order
}

export async function nameOf(sql: Database, { id }: Pick<Claim, 'id'>): Promise<string> {
  const [task] = await sql<[{ name: string }]>`select full_name as name from tasks where id = ${id}`
  return task.name
}

/** `['+wf success', …]` in the order of ids. */
export async function statesOf(sql: Database, attemptId: AttemptId): Promise<readonly string[]> {
  const rows = await sql<{ line: string }[]>`
    select full_name || ' ' || state as line from tasks where attempt_id = ${attemptId} order by id`
  return rows.map(({ line }) => line)
}

export async function attemptState(sql: Database, id: AttemptId): Promise<string> {
  const [row] = await sql<[{ state: string }]>`select state from attempts where id = ${id}`
  return row.state
}
