import type { AttemptId, JsonObject, WorkflowId } from '../brand.ts'
import { findAttemptOrigin } from '../db/attempts.ts'
import { Refusal } from '../refusal.ts'
import type { AttemptPorts } from './finish-task.ts'
import { type Start, type Started, startAttempt } from './start-attempt.ts'

export type Retry = {
  readonly attemptId: AttemptId
  /** Of another revision; null: as it was. */
  readonly workflowId: WorkflowId | null
  readonly retryName: string
  /** Laid over the old attempt's. */
  readonly params: JsonObject
  readonly resume: null | { readonly mode: 'failed' } | { readonly mode: 'from'; readonly from: string }
  readonly startedBy: string
}

/** Another attempt of the same session: all of it, or only what has not succeeded yet. */
export async function retryAttempt(ports: AttemptPorts, retry: Retry, now: Date): Promise<Started> {
  const { attemptId, retryName, startedBy } = retry
  const origin = await findAttemptOrigin(ports.sql, attemptId)
  if (origin === undefined)
    throw new Refusal(
      'not_found',
      `Resource does not exist: session attempt id=${attemptId}`,
      'List them: sluice attempts',
    )
  const start: Start = {
    workflowId: retry.workflowId ?? origin.workflowId,
    sessionTime: origin.sessionTime,
    params: { ...origin.params, ...retry.params },
    retryName,
    resume: retry.resume === null ? null : { ...retry.resume, attemptId },
    startedBy,
  }
  return startAttempt(ports, start, now)
}
