import type { Json, JsonObject } from '../brand.ts'
import { isJsonObject, mergeObjects } from '../workflow/merge.ts'
import { parseParallel } from '../workflow/parallel.ts'
import { configError } from './config-error.ts'
import type { OperatorTask, Step } from './operator.ts'

/** More would not fit an attempt anyway (design: limits, not surprises). */
export const MAX_SUBTASKS = 20_000

/** `_do` or `_else_do`: the config of a task, unevaluated. */
export function needBody(local: JsonObject, key: '_do' | '_else_do'): JsonObject {
  const body = local[key]
  if (isJsonObject(body)) return body
  if (Array.isArray(body) && body.every(isJsonObject)) return Object.fromEntries(body.flatMap(Object.entries))
  const reason = body === undefined ? 'is required but not set' : 'must be an object'
  throw configError(`Parameter '${key}' ${reason}`, `Write a task below ${key}.`)
}

/** One iteration: the body sees `exports` above its own `_export`. */
export function iteration(body: JsonObject, exports: JsonObject): JsonObject {
  const own = isJsonObject(body._export) ? body._export : {}
  return { ...body, _export: mergeObjects(own, exports) }
}

/** The generated group takes `_parallel` of the task, or of an export that it sees. */
export function iterate(
  task: OperatorTask,
  iterations: readonly (readonly [name: string, config: JsonObject])[],
): Step {
  if (iterations.length === 0) return { kind: 'nothing' }
  const tasks: JsonObject = Object.fromEntries(iterations)
  const parallel = task.params._parallel
  if (parallel === undefined) return { kind: 'subtasks', tree: tasks }
  return { kind: 'subtasks', tree: { ...checkedParallel(parallel), ...tasks } }
}

function checkedParallel(value: Json): JsonObject {
  const parallel = parseParallel(value)
  if (!parallel.ok) throw configError(parallel.message, 'Write true, or {limit: 2}.')
  return parallel.value === null ? {} : { _parallel: value }
}
