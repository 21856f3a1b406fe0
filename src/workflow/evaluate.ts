import type { Json, JsonObject } from '../brand.ts'
import { isJsonObject, mergeObjects } from './merge.ts'
import { parseTemplate } from './template.ts'
import type { Expressions } from './workflow.ts'

export type EvaluatedTask =
  /** `local` has the task's own keys, `params` all merged params with the local ones on top. */
  | { readonly ok: true; readonly local: JsonObject; readonly params: JsonObject }
  | { readonly ok: false; readonly message: string }

type Task = {
  /** The task's own keys, without `_export` and +tasks. */
  readonly config: JsonObject
  readonly params: JsonObject
  readonly expressions: Expressions
  readonly timezone: string
}

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
    const evaluated = walkObject({ ...task, params }, mergeObjects(params, config), true)
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
    return { ok: true, text: evaluateLeaf(task, text, task.params) }
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

function walkObject(walk: Walk, object: JsonObject, isTop: boolean): JsonObject {
  const done: [string, Json][] = []
  const scope = openScope(walk.params)
  for (const [key, value] of Object.entries(object)) {
    const isAsItIs = LATER.has(key) || (isTop && isErrorOfTask(key, value))
    const evaluated = isAsItIs ? value : walkValue(walk, value, scope)
    done.push([key, evaluated])
    scope.add(key, evaluated)
  }
  return Object.fromEntries(done)
}

/** A failed task's message quotes its broken template; Digdag evaluates that quote and fails again. */
function isErrorOfTask(key: string, value: Json): boolean {
  return key === 'error' && isJsonObject(value) && typeof value.message === 'string'
}

type Scope = { readonly add: (key: string, value: Json) => void; readonly read: () => JsonObject }

/** The merged scope is only built when a template asks for it: most keys are no templates. */
function openScope(params: JsonObject): Scope {
  const added = new Map<string, Json>()
  return { add: (key, value) => added.set(key, value), read: () => ({ ...params, ...Object.fromEntries(added) }) }
}

function walkValue(walk: Walk, value: Json, scope: Scope): Json {
  if (typeof value === 'string') return value.includes('$') ? evaluateLeaf(walk, value, scope.read()) : value
  if (isJsonObject(value)) return walkObject(walk, value, false)
  return Array.isArray(value) ? value.map((item: Json) => walkValue(walk, item, scope)) : value
}

function evaluateLeaf(walk: Walk, text: string, scope: JsonObject): string {
  const parts = parseTemplate(text)
  return parts.map((part) => (part.kind === 'text' ? part.text : evaluateCode(walk, text, part.code, scope))).join('')
}

function evaluateCode(walk: Walk, text: string, code: string, scope: JsonObject): string {
  if (code === '') return ''
  const result = walk.expressions.evaluate(code, scope, walk.timezone)
  if (result.ok) return textOf(result.value)
  throw new BrokenTemplate(`Failed to evaluate a variable ${text} (${result.error}) (config)`)
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
