import type { AttemptId, JsonObject, TaskId, WorkflowId } from '../../brand.ts'
import type { Hints } from '../../db/hints.ts'
import type { Database } from '../../db/sql.ts'

/** What the API needs. The verbs come bound to their own ports. */
export type ApiPorts = {
  readonly sql: Database
  readonly hints: Pick<Hints, 'hear'>
  readonly now: () => Date
  readonly version: string
  readonly verbs: Verbs
}

export type Verbs = {
  startAttempt(request: StartRequest, now: Date): Promise<{ kind: 'started' | 'conflict'; attemptId: AttemptId }>
  cancelAttempt(id: AttemptId, who: string, now: Date): Promise<'canceling' | 'already over'>
  decideUnknown(id: TaskId, as: Decision, who: string, now: Date): Promise<unknown>
  linkProject(request: LinkRequest, who: string, now: Date): Promise<LinkAnswer>
}

export type LinkRequest = {
  readonly project: string
  readonly url: string
  readonly branch: string
  /** Undefined: make one. */
  readonly secret?: string | undefined
}

/** What `link` tells, once: the secret is null when the caller gave it. */
export type LinkAnswer = {
  readonly project: string
  readonly url: string
  readonly branch: string
  readonly hookUrl: string
  readonly secret: string | null
  readonly deployKey: string | null
  readonly hostKeys: string | null
}

export type Decision = 'success' | 'error' | 'retry'

export type StartRequest = {
  readonly workflowId: WorkflowId
  readonly sessionTime: Date
  readonly params: JsonObject
  readonly retryName: string
  readonly resume: Resume | null
  readonly startedBy: string
}

/** Which tasks of an earlier attempt count as done: all that succeeded, or all before `from`. */
export type Resume =
  | { readonly mode: 'failed'; readonly attemptId: AttemptId }
  | { readonly mode: 'from'; readonly attemptId: AttemptId; readonly from: string }
