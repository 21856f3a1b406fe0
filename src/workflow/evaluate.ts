import type { Json, JsonObject } from '../brand.ts'
import { isJsonObject, mergeObjects } from './merge.ts'
import { parseTemplate } from './template.ts'
import type { BrokenCode, Evaluation, Expressions } from './workflow.ts'

export type EvaluatedTask =
  /** `local` has the task's own keys, `params` all merged params with the local ones on top. */
  | { readonly ok: true; readonly local: JsonObject; readonly params: JsonObject }
  | { readonly ok: false; readonly message: string }

type Task = {
  /** The task's own keys, without `_export` and +tasks. */
  readonly config: JsonObject
  readonly params: JsonObject
  readonly expressions: Evaluator
  readonly timezone: string
}

type Evaluator = Pick<Expressions, 'evaluate'>

/** Bodies of tasks to come: they are evaluated there. `_check` and `_error` only at the task itself (as in Digdag). */
const LATER: ReadonlySet<string> = new Set(['_do', '_else_do'])
const AFTERWARDS: ReadonlySet<string> = new Set(['_check', '_error'])

/**
 * Evaluates every `${…}` of a task: params and own keys are one object, walked in the order of its keys. A text sees the params as they are
 * written, and the evaluated keys before it in the same object, as in Digdag. Results are always texts.
 */
export function evaluateTask(task: Task): EvaluatedTask {
  const config = Object.fromEntries(Object.entries(task.config).filter(([key]) => !AFTERWARDS.has(key)))
  const params = Object.fromEntries(Object.entries(task.params).filter(([key]) => !AFTERWARDS.has(key)))
  try {
    const walk = { ...task, params, expressions: limitTogether(task.expressions) }
    const evaluated = walkObject(walk, mergeObjects(params, config), true)
    const local = Object.fromEntries(Object.keys(config).map((key) => [key, evaluated[key] ?? null]))
    return { ok: true, local, params: evaluated }
  } catch (error) {
    if (error instanceof BrokenTemplate) return { ok: false, message: error.message }
    throw error
  }
}

/** Evaluates one text with a task's evaluated params: the files that some operators read as templates. */
export function evaluateText(text: string, task: Omit<Task, 'config'>): EvaluatedText {
  try {
    return { ok: true, text: evaluateLeaf(task, text, new Map()) }
  } catch (error) {
    if (error instanceof BrokenTemplate) return { ok: false, message: error.message }
    throw error
  }
}
export type EvaluatedText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** Leaves the walk from any depth; never leaves this file. */
class BrokenTemplate extends Error {}

type Walk = Omit<Task, 'config'>

/** Of the processor, for all texts of a task together: a worker does nothing else meanwhile. */
const TASK_MS = 2000

/** The text at which it is spent is beyond the limit, whatever it gives. */
function limitTogether({ evaluate }: Evaluator): Evaluator {
  let leftMs = TASK_MS
  return {
    evaluate(codes, scope, timezone): Evaluation {
      const evaluation = evaluate(codes, scope, timezone)
      leftMs -= evaluation.usedMs
      if (leftMs >= 0 || !evaluation.ok) return evaluation
      const error = `Error: the expressions of the task ran for more than ${TASK_MS} ms`
      return { ok: false, kind: 'limit', error, usedMs: evaluation.usedMs }
    },
  }
}

/** What is as it was stays the same object: the sandbox keeps params that it has. */
function walkObject(walk: Walk, object: JsonObject, isTop: boolean): JsonObject {
  const done = new Map<string, Json>()
  const nearer = new Map<string, Json>()
  for (const [key, value] of Object.entries(object)) {
    const isAsItIs = LATER.has(key) || (isTop && isErrorOfTask(key, value))
    const evaluated = isAsItIs ? value : walkValue(walk, value, nearer)
    done.set(key, evaluated)
    if (!isParam(walk.params, key, evaluated)) nearer.set(key, evaluated)
  }
  return hasChanged(object, done) ? Object.fromEntries(done) : object
}

const isParam = (params: JsonObject, key: string, value: Json) => Object.hasOwn(params, key) && params[key] === value

const hasChanged = (before: JsonObject, after: ReadonlyMap<string, Json>) =>
  Object.entries(before).some(([key, value]) => after.get(key) !== value)

/** A failed task's message quotes its broken template; Digdag evaluates that quote and fails again. */
function isErrorOfTask(key: string, value: Json): boolean {
  return key === 'error' && isJsonObject(value) && typeof value.message === 'string'
}

function walkValue(walk: Walk, value: Json, nearer: ReadonlyMap<string, Json>): Json {
  if (typeof value === 'string') return value.includes('$') ? evaluateLeaf(walk, value, nearer) : value
  if (isJsonObject(value)) return walkObject(walk, value, false)
  if (!Array.isArray(value)) return value
  const list = value.map((item: Json) => walkValue(walk, item, nearer))
  return list.some((item, at) => item !== value[at]) ? list : value
}

function evaluateLeaf(walk: Walk, text: string, nearer: ReadonlyMap<string, Json>): string {
  const parts = parseTemplate(text)
  const codes = parts.flatMap((part) => (part.kind === 'code' ? [part.code] : []))
  if (codes.length === 0) return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')
  const { params, expressions, timezone } = walk
  const result = expressions.evaluate(codes, { params, nearer: Object.fromEntries(nearer) }, timezone)
  if (!result.ok)
    throw new BrokenTemplate(wordFailure(text, result.kind === 'syntax' ? showBroken(codes, result) : result.error))
  const texts = result.texts.values()
  return parts.map((part) => (part.kind === 'text' ? part.text : texts.next().value)).join('')
}

function wordFailure(text: string, error: string): string {
  return `Failed to evaluate a variable ${text} (${error}) (config)`
}

/** With the line and a mark below the place, as Digdag's engine shows it. */
function showBroken(codes: readonly string[], { error, index, line, column }: BrokenCode): string {
  const shown = codes[index]?.split('\n')[line - 1] ?? ''
  return `${error.replace(/^SyntaxError: /, `SyntaxError: <function>:${line}:${column} `)}\n${shown}\n${' '.repeat(column - 1)}^`
}
