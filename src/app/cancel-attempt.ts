import { decideCancel } from '../attempt/decide.ts'
import { isFinal } from '../attempt/task.ts'
import type { AttemptId } from '../brand.ts'
import {
  type AttemptState,
  finishAttemptIfRunning,
  lockAttempt,
  releaseActiveAttempt,
  requestCancelIfRunning,
} from '../db/attempts.ts'
import { closeLogsOfTasks } from '../db/logs.ts'
import type { Sql } from '../db/sql.ts'
import { flagCancelRequested, lockOpenTasks, moveTasks } from '../db/tasks.ts'
import { outcomeOf, sayHints } from './advance-attempt.ts'
import type { AttemptPorts } from './finish-task.ts'

/** Asks for the end of an attempt. Idempotent. What runs is told to stop and keeps `running` until its command has ended; all else ends here. */
export async function cancelAttempt(
  { sql }: AttemptPorts,
  attemptId: AttemptId,
  who: string,
  now: Date,
): Promise<'canceling' | 'already over'> {
  return sql.begin(async (tx) => {
    const { isOver, ended } = await cancelAttemptIn(tx, attemptId, who, now)
    if (ended !== undefined) await releaseActiveAttempt(tx, ended)
    return isOver ? 'already over' : 'canceling'
  })
}

type Canceled = {
  /** Before it was asked. */
  readonly isOver: boolean
  /** It has ended by this: its place is still to be given back, last of all. */
  readonly ended: AttemptState | undefined
}

/** For callers with a transaction of their own. */
export async function cancelAttemptIn(tx: Sql, attemptId: AttemptId, who: string, now: Date): Promise<Canceled> {
  const attempt = await lockAttempt(tx, attemptId)
  if (attempt === undefined || attempt.isOver) return { isOver: true, ended: undefined }
  if (!(await requestCancelIfRunning(tx, attemptId, who, now))) return { isOver: false, ended: undefined }
  const open = await lockOpenTasks(tx, attemptId)
  await flagCancelRequested(tx, attemptId)
  const moves = decideCancel(open)
  const moved = await moveTasks(tx, moves, now)
  const unknown = moves.filter(({ from }) => from === 'unknown').map(({ id }) => id)
  await closeLogsOfTasks(tx, unknown, now)
  await sayHints(tx, attempt, moved)
  const root = moved.find(({ parentId, state }) => parentId === null && isFinal(state))
  const outcome = root && outcomeOf(root)
  const hasEnded = outcome !== undefined && (await finishAttemptIfRunning(tx, attemptId, outcome, now))
  return { isOver: false, ended: hasEnded ? outcome : undefined }
}
