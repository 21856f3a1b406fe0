import type { AttemptId, JsonObject, TaskId, WorkflowId } from '../brand.ts'

/** What pages can have done: verbs of the product, bound to their ports by whoever wires. */
export type Acts = {
  start(
    input: {
      readonly workflowId: WorkflowId
      readonly sessionTime: Date
      readonly params: JsonObject
      readonly retryName: string
      readonly resume: null | { readonly mode: 'failed'; readonly attemptId: AttemptId }
      readonly startedBy: string
    },
    now: Date,
  ): Promise<{ readonly kind: 'started' | 'conflict'; readonly attemptId: AttemptId }>
  cancel(attemptId: AttemptId, who: string, now: Date): Promise<'canceling' | 'already over'>
  decide(taskId: TaskId, as: 'success' | 'error' | 'retry', who: string, now: Date): Promise<void>
  /** `secret`: null makes a new one. What comes back is shown once. */
  link(
    input: {
      readonly project: string
      readonly url: string
      readonly branch: string | null
      readonly secret: string | null
    },
    who: string,
    now: Date,
  ): Promise<{ readonly secret: string; readonly deployKey: string | null; readonly hostKeys: string | null }>
}
