import { afterAll, expect, it, vi } from 'vitest'
import { finishTask } from '../../src/app/finish-task.ts'
import type { AttemptId } from '../../src/brand.ts'
import type { Sql } from '../../src/db/sql.ts'
import { claimTasks, makeWorker, makeWorkflow, now, openPorts, SUCCEEDED, startOne } from '../support/attempts.ts'
import { eachBackend } from '../support/each-backend.ts'
import { openTestSchema } from '../support/schema.ts'

// The same read, without `for no key update`: this file shows what the lock is for.
vi.mock('../../src/db/attempts.ts', async (importOriginal) => ({
  ...(await importOriginal<typeof import('../../src/db/attempts.ts')>()),
  lockAttempt: async (sql: Sql, id: AttemptId) => {
    const [attempt] = await sql`
      select id, project_id as "projectId", finished_at is not null as "isOver", cancel_requested_by as "cancelRequestedBy",
        task_count as "taskCount" from attempts where id = ${id}`
    return attempt
  },
}))

const { sql, drop } = await openTestSchema('attempt-lock')
afterAll(drop)

eachBackend('without the lock of its attempt', (open) => {
  const ports = openPorts(sql, open)
  it('siblings that finish at the same instant leave attempts standing still', async () => {
    const workerId = await makeWorker(sql)
    const { workflowId } = await makeWorkflow(sql, { _parallel: true, '+a': { 'echo>': 'x' }, '+b': { 'echo>': 'x' } })
    for (let i = 0; i < 300; i++) await startOne(ports, {}, { workflowId })
    const claims = [...(await claimTasks(sql, workerId, 600))].sort((a, b) => Number(a.id) - Number(b.id))
    await Promise.all(claims.map((claim) => finishTask(ports, { claim, event: SUCCEEDED }, now)))
    const [still] = await sql<[{ count: number }]>`
      select count(*)::int from attempts where workflow_id = ${workflowId} and state = 'running'`
    expect(still.count).toBeGreaterThan(0)
  }, 180_000)
})
