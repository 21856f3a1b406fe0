import type { Json, JsonObject } from '../brand.ts'
import { readBoolean, readInteger } from './coerce.ts'
import { GROUP_KEYS, isChildKey, isOperatorKey } from './directives.ts'
import { isJsonObject, pickKeys } from './merge.ts'
import { findTaskNameFault } from './names.ts'
import { didYouMean } from './nearest.ts'

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
  | { readonly ok: false; readonly message: string }

/** A broken rule of the tree. `path` leads from the given config to the key that breaks it. */
export type Fault = { readonly path: readonly string[]; readonly message: string; readonly hint: string }

/** Unfolds a config to tasks, the root first (as in Digdag). The root may be a group or, for `^sub` of an `if>`, an operator. */
export function planTree(config: JsonObject, fullName: string): PlannedTree {
  const { tasks, faults } = unfoldTree(config, fullName)
  const [first] = faults
  return first === undefined ? { ok: true, tasks } : { ok: false, message: first.message }
}

/** As `planTree`, with all faults at once. */
export function unfoldTree(config: JsonObject, fullName: string): { tasks: PlannedTask[]; faults: Fault[] } {
  const unfolding: Unfolding = { tasks: [], faults: [] }
  addTask(unfolding, { config, fullName, parent: null, path: [] })
  return unfolding
}

type Unfolding = { readonly tasks: PlannedTask[]; readonly faults: Fault[] }
type Node = {
  readonly config: JsonObject
  readonly fullName: string
  readonly parent: number | null
  readonly path: readonly string[]
}

/** JSON that a task left for its subtasks may be nested without end; a file cannot be. */
const MAX_DEPTH = 200

/** Gives the task's place. */
function addTask(unfolding: Unfolding, given: Node): number {
  const node = given.path.length > MAX_DEPTH ? leafOf(unfolding, given) : given
  const place = unfolding.tasks.length
  const config = isDisabled(unfolding, node) ? {} : node.config
  const operators = Object.keys(config).filter(isOperatorKey)
  unfolding.tasks.push({
    fullName: node.fullName,
    parent: node.parent,
    kind: operators.length > 0 ? 'operator' : 'group',
    config: pickKeys(config, (key) => key !== '_export' && !isChildKey(key)),
    exports: readExports(unfolding, node, config),
    upstreams: [],
  })
  if (operators.length > 0) checkOperator(unfolding, { ...node, config }, operators)
  else addChildren(unfolding, { ...node, config }, place)
  checkErrorBody(unfolding, { ...node, config })
  return place
}

function leafOf(unfolding: Unfolding, node: Node): Node {
  addFault(unfolding, node.path, `Tasks are nested deeper than ${MAX_DEPTH}`, 'Split the tree with call>.')
  return { ...node, config: {} }
}

function isDisabled(unfolding: Unfolding, { config, path }: Node): boolean {
  if (!Object.hasOwn(config, '_disable')) return false
  const disabled = readBoolean('_disable', config._disable)
  if (disabled.ok) return disabled.value
  addFault(unfolding, [...path, '_disable'], disabled.message, 'Write true or false: it is read before anything runs.')
  return false
}

function readExports(unfolding: Unfolding, { path }: Node, config: JsonObject): JsonObject {
  const exports = config._export ?? {}
  if (isJsonObject(exports)) return exports
  addFault(unfolding, [...path, '_export'], "Parameter '_export' must be an object", 'Write names and values below it.')
  return {}
}

function checkOperator(unfolding: Unfolding, { config, path, fullName }: Node, operators: readonly string[]): void {
  const words = operators.filter((key) => key !== '_type')
  if (words.length > 1)
    addFault(
      unfolding,
      [...path, words[1] ?? ''],
      `A task can't have more than one operator: ${fullName} has ${words.join(' and ')}`,
      'Give each operator a +task of its own.',
    )
  const child = Object.keys(config).find(isChildKey)
  if (child === undefined) return
  const message = `A task can't have subtasks: ${fullName} has ${operators[0]} and ${child}`
  addFault(unfolding, [...path, child], message, `Move ${child} out, or the operator into a +task beside it.`)
}

/** `_error` runs when something has failed already, so what is wrong in it must be found before. */
function checkErrorBody(unfolding: Unfolding, { config, fullName, path }: Node): void {
  if (!Object.hasOwn(config, '_error')) return
  const body = config._error ?? null
  const faults = isJsonObject(body) ? unfoldTree(body, `${fullName}^error`).faults : [noTask([], '_error', body)]
  for (const fault of faults) addFault(unfolding, [...path, '_error', ...fault.path], fault.message, fault.hint)
}

function addChildren(unfolding: Unfolding, node: Node, place: number): void {
  checkGroupKeys(unfolding, node)
  const parallel = readParallel(unfolding, node)
  const children: Child[] = []
  for (const key of Object.keys(node.config).filter(isChildKey)) {
    const path = [...node.path, key]
    const fault = findTaskNameFault(key, node.parent === null)
    if (fault !== undefined) addFault(unfolding, path, fault, 'Use letters, digits, - _ and dots.')
    const config = readTaskConfig(unfolding, path, key, node.config[key] ?? null)
    const fullName = `${node.fullName}${key}`
    children.push({ key, config, path, place: addTask(unfolding, { config, fullName, parent: place, path }) })
  }
  const links = parallel === null ? linkSequence(unfolding, children) : linkParallel(unfolding, children, parallel)
  for (const [child, upstreams] of links) {
    const task = unfolding.tasks[child]
    if (task !== undefined) unfolding.tasks[child] = { ...task, upstreams }
  }
}

type Child = {
  readonly key: string
  readonly config: JsonObject
  readonly path: readonly string[]
  readonly place: number
}
type Links = ReadonlyMap<number, readonly number[]>

function checkGroupKeys(unfolding: Unfolding, { config, fullName, path, parent }: Node): void {
  if (parent === null) return
  for (const key of Object.keys(config).filter((one) => !isChildKey(one) && !GROUP_KEYS.has(one))) {
    const message = `${fullName} contains invalid keys: '${key}': a task without an operator is a group, and a group has directives and +tasks only`
    const otherwise = 'Remove it, move it into _export, or give the task an operator such as sh>.'
    addFault(unfolding, [...path, key], message, didYouMean(key, GROUP_KEYS, otherwise, 3))
  }
}

function readTaskConfig(unfolding: Unfolding, path: readonly string[], key: string, value: Json): JsonObject {
  const config = asTaskConfig(value)
  if (config === undefined) unfolding.faults.push(noTask(path, key, value))
  return config ?? {}
}

/** A list of mappings is one mapping: later keys win and keep the first one's place. Undefined: it is no task. */
export function asTaskConfig(value: Json): JsonObject | undefined {
  if (isJsonObject(value)) return value
  return Array.isArray(value) && value.every(isJsonObject)
    ? Object.fromEntries(value.flatMap(Object.entries))
    : undefined
}

function noTask(path: readonly string[], key: string, value: Json): Fault {
  const reason = value === null ? 'is required but null' : 'must be an object or array of objects'
  const hint = 'Write an operator such as echo>: hello, or +tasks, below it.'
  return { path, message: `Parameter '${key}' ${reason}`, hint }
}

/** Null is a sequence; otherwise how many may run at once, 0 for no limit. */
function readParallel(unfolding: Unfolding, { config, path }: Node): number | null {
  const parallel = parseParallel(config._parallel)
  if (parallel.ok) return parallel.value
  const hint = 'Write true, or {limit: 2}; in a group it is read before anything runs, so no template can stand in it.'
  addFault(unfolding, [...path, '_parallel'], parallel.message, hint)
  return null
}

export function parseParallel(
  value: Json | undefined,
): { readonly ok: true; readonly value: number | null } | { readonly ok: false; readonly message: string } {
  if (value === undefined) return { ok: true, value: null }
  if (isJsonObject(value)) {
    const limit = readInteger('limit', value.limit)
    return limit.ok ? { ok: true, value: Math.max(limit.value, 0) } : limit
  }
  if (typeof value === 'number' || Array.isArray(value))
    return { ok: false, message: `Invalid _parallel format: ${JSON.stringify(value)}` }
  const parallel = readBoolean('_parallel', value)
  return parallel.ok ? { ok: true, value: parallel.value ? 0 : null } : parallel
}

/** Each task waits for the one before. A background task waits for nothing, and the next one in the foreground waits for it too. */
function linkSequence(unfolding: Unfolding, children: readonly Child[]): Links {
  const links = new Map<number, readonly number[]>()
  let before: number[] = []
  for (const child of children) {
    if (Object.hasOwn(child.config, '_after')) addFault(unfolding, [...child.path, '_after'], ...AFTER_IN_SEQUENCE)
    if (isBackground(unfolding, child)) {
      before.push(child.place)
      continue
    }
    links.set(child.place, before)
    before = [child.place]
  }
  return links
}

const AFTER_IN_SEQUENCE: [string, string] = [
  `Setting "_after" option is invalid if its parent task doesn't have "_parallel: true" option`,
  'Remove _after, or give the parent _parallel: true.',
]
const BACKGROUND_IN_PARALLEL: [string, string] = [
  'Setting "_background: true" option is invalid (unnecessary) if its parent task has "_parallel: true" option',
  'Remove _background: the tasks run beside each other already.',
]

function isBackground(unfolding: Unfolding, { config, path }: Child): boolean {
  if (!Object.hasOwn(config, '_background')) return false
  const background = readBoolean('_background', config._background)
  if (background.ok) return background.value
  addFault(unfolding, [...path, '_background'], background.message, 'Write true or false.')
  return false
}

/** A limit cuts the tasks into chunks; all of a chunk wait for all of the chunk before. */
function linkParallel(unfolding: Unfolding, children: readonly Child[], limit: number): Links {
  const links = new Map<number, readonly number[]>()
  for (const [index, child] of children.entries()) {
    if (isBackground(unfolding, child)) addFault(unfolding, [...child.path, '_background'], ...BACKGROUND_IN_PARALLEL)
    const chunk = limit === 0 ? 0 : Math.floor(index / limit)
    const chunkBefore = chunk === 0 ? [] : children.slice((chunk - 1) * limit, chunk * limit)
    const after = Object.hasOwn(child.config, '_after') ? findAfter(unfolding, child, children.slice(0, index)) : []
    const needed = [...chunkBefore, ...after]
    links.set(child.place, [...new Set(needed.map((one) => one.place))])
  }
  return links
}

function findAfter(unfolding: Unfolding, { config, path }: Child, earlier: readonly Child[]): readonly Child[] {
  const names = config._after
  if (!Array.isArray(names)) {
    const message = `Expected array type for key '_after' but got ${JSON.stringify(names)} (${typeof names})`
    addFault(unfolding, [...path, '_after'], message, 'Write a list: _after: [+first, +second].')
    return []
  }
  return names.flatMap((name: Json) => {
    const found = earlier.filter((one) => one.key === name)
    if (found.length === 0) addFault(unfolding, [...path, '_after'], ...noSuchTask(name, earlier))
    return found
  })
}

function noSuchTask(name: Json, earlier: readonly Child[]): [string, string] {
  const known = earlier.map((one) => one.key)
  const shown = typeof name === 'string' ? name : JSON.stringify(name) // an object without a prototype has no text
  const otherwise =
    known.length === 0 ? 'No task is listed before this one.' : `Listed before this one: ${known.join(', ')}.`
  return [`Dependency task '${shown}' does not exist`, didYouMean(shown, known, otherwise)]
}

function addFault({ faults }: Unfolding, path: readonly string[], message: string, hint: string): void {
  faults.push({ path, message, hint })
}

/** The command and the type of an operator's task: of `sh>: ls`, or of `_type: sh` with `_command: ls`. Exports come first (as in Digdag). */
export function readOperator(
  config: JsonObject,
): { readonly type: string; readonly command: Json | undefined } | undefined {
  if (typeof config._type === 'string') return { type: config._type, command: config._command }
  const key = Object.keys(config).find((one) => one.endsWith('>'))
  return key === undefined ? undefined : { type: key.slice(0, -1), command: config[key] }
}
