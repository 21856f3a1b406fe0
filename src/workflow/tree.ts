import type { Json, JsonObject } from '../brand.ts'
import { readBoolean } from './coerce.ts'
import { sayTree } from './digdag-words.ts'
import { GROUP_KEYS, isChildKey, isCommandKey, isOperatorKey, ROOT_KEYS } from './directives.ts'
import {
  badNames,
  type Fault,
  faultOfTree,
  hasManyOperators,
  hasSubtasks,
  noExports,
  noTask,
  unknownKeys,
} from './fault.ts'
import { type Child, linkChildren } from './links.ts'
import { isJsonObject, pickKeys } from './merge.ts'
import { findTaskNameFaults } from './names.ts'
import { parseParallel } from './parallel.ts'

/** A task before it has an id. `parent` and `upstreams` are places in the list of tasks; parents come before children. */
export type PlannedTask = {
  readonly fullName: string
  readonly parent: number | null
  readonly kind: 'group' | 'operator'
  /** The task's own keys, unevaluated, without `_export` and +tasks. */
  readonly config: JsonObject
  readonly exports: JsonObject
  readonly upstreams: readonly number[]
}

export type PlannedTree =
  | { readonly ok: true; readonly tasks: readonly PlannedTask[] }
  /** In Digdag's words: it may become the error of a task. */
  | { readonly ok: false; readonly message: string }

/** Unfolds a config to tasks, the root first (as in Digdag). The root may be a group or, for `^sub` of an `if>`, an operator. */
export function planTree(config: JsonObject, fullName: string): PlannedTree {
  const { tasks, faults } = unfoldTree(config, fullName)
  return faults.length === 0 ? { ok: true, tasks } : { ok: false, message: sayTree(faults) }
}

type Unfolding = { readonly tasks: PlannedTask[]; readonly faults: Fault[] }
type Node = {
  readonly config: JsonObject
  readonly fullName: string
  readonly parent: number | null
  readonly path: readonly string[]
  /** The root of a file, not of a body that was generated. */
  readonly isFile: boolean
}

/** As `planTree`, with all faults at once, in the order in which Digdag comes to them. */
export function unfoldTree(config: JsonObject, fullName: string): Unfolding {
  const unfolding: Unfolding = { tasks: [], faults: [] }
  addTask(unfolding, { config, fullName, parent: null, path: [], isFile: !fullName.includes('^') })
  return unfolding
}

/** JSON that a task left for its subtasks may be nested without end; a file cannot be. */
const MAX_DEPTH = 200

/** Gives the task's place. */
function addTask(unfolding: Unfolding, given: Node): number {
  const node = given.path.length > MAX_DEPTH ? leafOf(unfolding, given) : given
  const subtasks = readSubtasks(unfolding, node)
  if (isDisabled(unfolding, node)) return pushTask(unfolding, { ...node, config: { _disable: true } }, 'group')
  const isOperator = Object.keys(node.config).some(isOperatorKey)
  const place = pushTask(unfolding, node, isOperator ? 'operator' : 'group')
  if (isOperator) checkOperator(unfolding, node, subtasks)
  else addChildren(unfolding, node, subtasks, place)
  checkErrorBody(unfolding, node)
  return place
}

function leafOf({ faults }: Unfolding, node: Node): Node {
  faults.push(faultOfTree(node.path, `Tasks are nested deeper than ${MAX_DEPTH}`, 'Split the tree with call>.'))
  return { ...node, config: {} }
}

function pushTask({ tasks, faults }: Unfolding, node: Node, kind: PlannedTask['kind']): number {
  const { fullName, parent, path } = node
  const exports = node.config._export ?? {}
  if (!isJsonObject(exports)) faults.push(noExports(path))
  const config = pickKeys(node.config, (key) => key !== '_export' && !isChildKey(key))
  tasks.push({ fullName, parent, kind, config, exports: isJsonObject(exports) ? exports : {}, upstreams: [] })
  return tasks.length - 1
}

type Subtask = { readonly key: string; readonly config: JsonObject }

function readSubtasks({ faults }: Unfolding, { config, path, isFile }: Node): readonly Subtask[] {
  return Object.entries(config).flatMap(([key, value]) => {
    if (!isChildKey(key)) return []
    const task = asTaskConfig(value)
    if (task !== undefined) return [{ key, config: task }]
    faults.push(noTask([...path, key], key, value, isFile))
    return []
  })
}

/** A list of mappings is one mapping: later keys win and keep the first one's place. Undefined: it is no task. */
export function asTaskConfig(value: Json): JsonObject | undefined {
  if (isJsonObject(value)) return value
  if (!Array.isArray(value) || !value.every(isJsonObject)) return undefined
  return Object.fromEntries(value.flatMap(Object.entries))
}

function isDisabled({ faults }: Unfolding, { config, path }: Node): boolean {
  const disabled = readBoolean('_disable', config._disable ?? false)
  if (disabled.ok) return disabled.value
  const hint = 'Write true or false: it is read before anything runs.'
  faults.push(faultOfTree([...path, '_disable'], disabled.message, hint))
  return false
}

function checkOperator({ faults }: Unfolding, node: Node, [child]: readonly Subtask[]): void {
  if (child !== undefined) faults.push(hasSubtasks(node, child.key))
  const operators = Object.keys(node.config).filter(isCommandKey)
  if (operators.length > 1) faults.push(hasManyOperators(node, operators))
}

/** `_error` runs when something has failed already, so what is wrong in it must be found before. */
function checkErrorBody({ faults }: Unfolding, { config, fullName, path }: Node): void {
  const body = config._error
  if (body === undefined || body === null) return
  const at = [...path, '_error']
  if (!isJsonObject(body)) {
    faults.push(faultOfTree(at, "Parameter '_error' must be an object", 'Write an operator or +tasks below it.'))
    return
  }
  const found = unfoldTree(body, `${fullName}^error`).faults
  if (found.length === 0) return
  const digdag = { phase: 'tree', message: sayTree(found) } as const
  for (const fault of found) faults.push({ ...fault, path: [...at, ...fault.path], digdag })
}

function addChildren(unfolding: Unfolding, node: Node, subtasks: readonly Subtask[], place: number): void {
  const { tasks, faults } = unfolding
  checkGroup(unfolding, node, subtasks)
  const children = subtasks.map(({ key, config }): Child => {
    const path = [...node.path, key]
    const fullName = `${node.fullName}${key}`
    const child = addTask(unfolding, { config, fullName, parent: place, path, isFile: false })
    return { key, path, place: child, config: tasks[child]?.config ?? {} }
  })
  const parallel = readParallel(unfolding, node)
  for (const [child, upstreams] of linkChildren(children, parallel, faults)) {
    const task = tasks[child]
    if (task !== undefined) tasks[child] = { ...task, upstreams, config: withoutLinks(task.config, parallel) }
  }
}

/** What made the links is not kept with the task (as in Digdag). */
function withoutLinks(config: JsonObject, parallel: number | null): JsonObject {
  const done = parallel === null ? '_background' : '_after'
  return Object.hasOwn(config, done) ? pickKeys(config, (key) => key !== done) : config
}

function checkGroup({ faults }: Unfolding, node: Node, subtasks: readonly Subtask[]): void {
  const { config, parent, path, isFile } = node
  for (const { key } of subtasks) faults.push(...badNames([...path, key], findTaskNameFaults(key, isFile), isFile))
  const isKnown = (key: string) => GROUP_KEYS.has(key) || (parent === null && ROOT_KEYS.has(key))
  const unknown = Object.keys(config).filter((key) => !isChildKey(key) && !isKnown(key))
  faults.push(...unknownKeys(node, unknown))
}

/** As `parseParallel`; a sequence after a fault. */
function readParallel({ faults }: Unfolding, { config, path }: Node): number | null {
  const parallel = parseParallel(config._parallel)
  if (parallel.ok) return parallel.value
  const hint = 'Write true, or {limit: 2}; in a group it is read before anything runs, so no template can stand in it.'
  faults.push(faultOfTree([...path, '_parallel'], parallel.message, hint))
  return null
}

/** The command and the type of an operator's task: of `sh>: ls`, or of `_type: sh` with `_command: ls`. Exports come first (as in Digdag). */
export function readOperator(
  config: JsonObject,
): { readonly type: string; readonly command: Json | undefined } | undefined {
  if (typeof config._type === 'string') return { type: config._type, command: config._command }
  const key = Object.keys(config).find(isCommandKey)
  return key === undefined ? undefined : { type: key.slice(0, -1), command: config[key] }
}
