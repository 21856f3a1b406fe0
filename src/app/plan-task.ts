import { type RetryPolicy, readRetry } from '../attempt/retry.ts'
import type { TaskError } from '../attempt/task.ts'
import type { JsonObject } from '../brand.ts'
import type { TaskOrder } from '../db/task-orders.ts'
import { headline } from '../log/task-lines.ts'
import { unusedWords } from '../log/unused-words.ts'
import type { Operator, Step } from '../operators/operator.ts'
import { Refusal } from '../refusal.ts'
import { evaluateTask } from '../workflow/evaluate.ts'
import { builtInParams, collectParams, type ParamLayer } from '../workflow/params.ts'
import { readOperator } from '../workflow/tree.ts'
import type { Expressions } from '../workflow/workflow.ts'

/** Of an order, what a plan depends on. */
export type PlanFacts = Pick<
  TaskOrder,
  | 'config'
  | 'fullName'
  | 'attemptId'
  | 'attemptParams'
  | 'retryName'
  | 'sessionId'
  | 'sessionUuid'
  | 'sessionTime'
  | 'projectId'
  | 'timezone'
>

/** What is to be done, and what a loss or a failure of it means. */
export type PlannedTask = {
  readonly step: Step
  /** The task and its attempt, for whoever is told of an error of it. */
  readonly where: string
  /** For the log; null: it came to no operator. */
  readonly headline: string | null
  /** For the log, once it has run. */
  readonly unused: readonly string[]
  readonly retry: RetryPolicy | null
  readonly isRetryable: boolean
}

export type PlanPorts = {
  readonly expressions: Expressions
  readonly operators: ReadonlyMap<string, Operator>
  readonly readProject: (path: string) => string | undefined
}

/** Pure as far as its ports are: a restarted worker plans the same again. What is wrong with the task becomes a `fail` step. */
export function planTask(ports: PlanPorts, order: PlanFacts, layers: readonly ParamLayer[]): PlannedTask {
  const { config, timezone, fullName } = order
  const where = `at ${fullName} of attempt ${order.attemptId}`
  const evaluated = evaluateTask({ config, params: paramsOf(order, layers), expressions: ports.expressions, timezone })
  if (!evaluated.ok) return broken(evaluated.message, where)
  const { local, params } = evaluated
  const found = readOperator(params)
  if (found === undefined) return broken('The task has no operator (config)', where)
  const head = typeof config._type === 'string' ? headline(found.type, undefined) : headline(found.type, found.command)
  const operator = ports.operators.get(found.type) ?? INTERNAL.get(found.type)
  if (operator === undefined) return { ...broken(`Unknown task type: ${found.type} (config)`, where), headline: head }
  const retry = operator.retries && params._retry !== undefined ? readRetry(params._retry) : null
  if (retry !== null && !retry.ok) return { ...broken(`${retry.message} (config)`, where), headline: head }
  const policy = retry?.policy ?? null
  return {
    step: stepOf(operator, { command: found.command, local, params, fullName, readProject: ports.readProject }, where),
    where,
    headline: head,
    unused: operator.options === undefined ? [] : unusedWords(Object.keys(local), operator.options, fullName),
    retry: policy,
    isRetryable: operator.isRepeatable || policy?.onLoss === true,
  }
}

const broken = (message: string, where: string): PlannedTask => ({
  step: { kind: 'fail', message, stacktrace: where },
  where,
  headline: null,
  unused: [],
  retry: null,
  isRetryable: true,
})

/** The engine's own. Nobody is notified yet. */
const INTERNAL: ReadonlyMap<string, Operator> = new Map([
  ['notify', { name: 'notify', isRepeatable: true, retries: false, plan: () => ({ kind: 'nothing' }) }],
])

/** What a step that fails leaves for `_error`. */
export const errorOf = ({ kind: _, ...error }: Extract<Step, { kind: 'fail' }>): TaskError => error

function stepOf(operator: Operator, task: Parameters<Operator['plan']>[0], where: string): Step {
  try {
    return operator.plan(task)
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'fail', message: error.message, stacktrace: where }
    throw error
  }
}

/** Attempt params below what was collected, the built-in ones above both. */
function paramsOf(order: PlanFacts, layers: readonly ParamLayer[]): JsonObject {
  const params = collectParams([{ params: order.attemptParams }, ...layers])
  const { fullName: taskName, retryName: retryAttemptName, timezone, sessionTime, sessionUuid, sessionId } = order
  const { attemptId, projectId } = order
  const session = { timezone, sessionTime, sessionUuid, sessionId }
  return { ...params, ...builtInParams({ ...session, attemptId, projectId, taskName, retryAttemptName }, params) }
}
