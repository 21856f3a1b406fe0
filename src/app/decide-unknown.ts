import type { TaskId } from '../brand.ts'
import { findAttemptIdOf, lockAttempt } from '../db/attempts.ts'
import { closeLogsOfTasks } from '../db/logs.ts'
import { Refusal } from '../refusal.ts'
import { advanceAttempt, DEFAULT_LIMITS } from './advance-attempt.ts'
import { type AttemptPorts, ringReady } from './finish-task.ts'

/** A person settles what no machine can know: what became of a task whose worker was lost. */
export async function decideUnknown(
  ports: AttemptPorts,
  { taskId, as, who }: { taskId: TaskId; as: 'success' | 'error' | 'retry'; who: string },
  now: Date,
): Promise<'decided' | 'not unknown'> {
  const attemptId = await findAttemptIdOf(ports.sql, taskId)
  if (attemptId === undefined)
    throw new Refusal('not_found', `There is no task ${taskId}`, 'List an attempt’s tasks: sluice tasks ATTEMPT')
  const moved = await ports.sql.begin(async (tx) => {
    const attempt = await lockAttempt(tx, attemptId)
    if (attempt === undefined) return []
    const event = { kind: 'decided', as, who } as const
    const moved = await advanceAttempt(tx, attempt, { id: taskId, event }, ports.limits ?? DEFAULT_LIMITS, now)
    if (moved.length > 0) await closeLogsOfTasks(tx, [taskId], now)
    return moved
  })
  await ringReady(ports, moved)
  return moved.length > 0 ? 'decided' : 'not unknown'
}
