import type { Json, JsonObject } from '../brand.ts'
import { printJson } from '../json.ts'
import { sayInvalid } from './digdag-words.ts'
import { GROUP_KEYS, isChildKey, isOperatorKey } from './directives.ts'
import { pickKeys } from './merge.ts'
import { sayNameFault } from './names.ts'
import { allNear, didYouMean } from './nearest.ts'
import { type DigdagSays, ENOUGH_PROBLEMS } from './problem.ts'

/** A broken rule of the tree, in our words and in Digdag's. `path` leads from the given config to the key that breaks it. */
export type Fault = {
  readonly path: readonly string[]
  readonly message: string
  readonly hint: string
  readonly digdag: DigdagSays
}

/** Where a rule was broken: a task by its full name and the way to it. */
type At = { readonly fullName: string; readonly path: readonly string[]; readonly config: JsonObject }

/** One of which Digdag says just the same. */
export function faultOfTree(path: readonly string[], message: string, hint: string): Fault {
  return { path, message, hint, digdag: { phase: 'tree', message } }
}

/** Of nothing at all Digdag tells right below the top of a file, and only there. */
export function noTask(path: readonly string[], key: string, value: Json, isBelowTop: boolean): Fault {
  const wrong = `Parameter '${key}' must be an object or array of objects`
  const message = value === null ? `Parameter '${key}' is required but null` : wrong
  const hint = 'Write an operator such as echo>: hello, or +tasks, below it.'
  const digdag: DigdagSays =
    value === null && isBelowTop ? { phase: 'nothing', message } : { phase: 'tree', message: wrong }
  return { path, message, hint, digdag }
}

/** Digdag refuses it at once at the top of a file, and deeper when the workflow starts. */
export function noExports(path: readonly string[]): Fault {
  const message = "Parameter '_export' must be an object"
  const phase = path.length === 0 ? 'exports' : 'tree'
  return { path: [...path, '_export'], message, hint: 'Write names and values below it.', digdag: { phase, message } }
}

export function hasSubtasks({ fullName, path, config }: At, child: string): Fault {
  const operator = Object.keys(config).find(isOperatorKey)
  return {
    path: [...path, child],
    message: `A task can't have subtasks: ${fullName} has ${operator} and ${child}`,
    hint: `Move ${child} out, or the operator into a +task beside it.`,
    digdag: { phase: 'tree', message: `A task can't have subtasks: ${quoteOwn(config)}` },
  }
}

export function hasManyOperators({ fullName, path, config }: At, operators: readonly string[]): Fault {
  return {
    path: [...path, operators[1] ?? ''],
    message: `A task can't have more than one operator: ${fullName} has ${operators.join(' and ')}`,
    hint: 'Give each operator a +task of its own.',
    digdag: { phase: 'tree', message: `A task can't have more than one operator: ${quoteOwn(config)}` },
  }
}

/** Digdag quotes a task with all its own keys, and without its +tasks. */
function quoteOwn(config: JsonObject): string {
  return printJson(pickKeys(config, (key) => !isChildKey(key)))
}

/** `faults` as names.ts has them. The names right below the top of a file are checked with the file, the others as tasks. */
export function badNames(path: readonly string[], faults: readonly string[], isBelowTop: boolean): readonly Fault[] {
  const name = path.at(-1) ?? ''
  const said = faults.map((fault) => `name ${fault}: "${name}"`)
  return faults.map((fault, at) => ({
    path,
    message: sayNameFault('task name', fault, name),
    hint: 'Use letters, digits, - _ and dots.',
    digdag: isBelowTop
      ? { phase: 'names', message: `task ${said[at]}` }
      : { phase: 'task names', message: sayInvalid('workflow task', said) },
  }))
}

export function unknownKeys({ fullName, path, config }: At, keys: readonly string[]): readonly Fault[] {
  const told = keys.slice(0, ENOUGH_PROBLEMS)
  const said = told.map((key) => {
    const near = allNear(key, DIGDAGS_GROUP_KEYS)
    return near.length === 0 ? `'${key}'` : `'${key}' (did you mean [${near.join(', ')}]?)`
  })
  const message = `${fullName} contains invalid keys: ${said.join(', ')}: "${quoteOwn(config)}"`
  return told.map((key) => ({
    path: [...path, key],
    message: `${fullName} contains invalid keys: '${key}': a task without an operator is a group, and a group has directives and +tasks only`,
    hint: didYouMean(key, GROUP_KEYS, REMOVE, 3),
    digdag: { phase: 'group keys', message },
  }))
}

const REMOVE = 'Remove it, move it into _export, or give the task an operator such as sh>.'

/** In the order in which Java's hash set gives them: Digdag's suggestions come in it. */
const DIGDAGS_GROUP_KEYS = [
  ...['schedule', '_parallel', 'timezone', '_error', 'sla', '_check', '_export', '_secrets', '_background', '_retry'],
  '_after',
]
