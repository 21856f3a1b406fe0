import { DIRECTIVES, isChildKey, isOperatorKey, OPERATOR_KEYS, OPERATOR_OPTIONS, ROOT_KEYS } from './directives.ts'
import { type Entry, findEntry, type Located, type LocatedMap, type Position, plain } from './located.ts'
import { isJsonObject, pickKeys } from './merge.ts'
import { didYouMean, nearest } from './nearest.ts'
import { type Fault, unfoldTree } from './tree.ts'
import type { Problem } from './workflow.ts'
import { problemAt } from './yaml.ts'

/** Every rule of Digdag's on the tasks of one file. `operators` are the words before `>` that this installation knows. */
export function checkTree(root: LocatedMap, name: string, operators: ReadonlySet<string>): readonly Problem[] {
  return [
    ...rootKeyProblems(root, name),
    ...structureProblems(root, name),
    ...taskProblems(root, `+${name}`, operators),
  ]
}

/** More are of no use to anybody. */
const MAX_FAULTS = 200

/** The root is always a group: an operator there is an unknown key too. */
function rootKeyProblems(root: LocatedMap, name: string): readonly Problem[] {
  const unknown = [...root.entries].filter(([key]) => !isChildKey(key) && !ROOT_KEYS.has(key))
  return unknown.map(([key, entry]) => {
    const message = `Workflow '${name}' includes unknown keys: [${key}]: the top of a file has directives and +tasks only`
    return problemAt(entry.key, { message, hint: didYouMean(key, ROOT_KEYS, rootHint(key), 3) })
  })
}

function rootHint(key: string): string {
  if (key.endsWith('>')) return `Put it into a task: +${key.slice(0, -1)}: {${key}: …}.`
  if (/^\d+$/.test(key)) return `Was it a task? +${key}: without quotes is the number ${key}; write "+${key}":.`
  return 'Remove it, put it below _export: if it is a variable, or begin its name with + if it is a task.'
}

function structureProblems(root: LocatedMap, name: string): readonly Problem[] {
  const config = plain(root)
  if (!isJsonObject(config)) return []
  const { faults } = unfoldTree(
    pickKeys(config, (key) => isChildKey(key) || ROOT_KEYS.has(key)),
    `+${name}`,
  )
  return faults.slice(0, MAX_FAULTS).map((fault) => faultAt(root, fault))
}

function faultAt(root: Located, fault: Fault): Problem {
  return problemAt(findEntry(root, fault.path)?.key ?? root.position, fault)
}

/** A task with its place in the tree of names. */
export type LocatedTask = {
  readonly fullName: string
  readonly entries: ReadonlyMap<string, Entry>
  readonly position: Position
  /** Within a body that may or may not run: `_do`, `_error` and the like. */
  readonly isConditional: boolean
}

const BODIES = ['_do', '_else_do', '_check', '_error']

/** All tasks of a file, those of bodies too, disabled ones not; the root comes first. */
export function listTasks(node: Located, fullName: string, isConditional = false): readonly LocatedTask[] {
  const entries = entriesOf(node)
  if (entries === undefined || isDisabled(entries)) return []
  const own: LocatedTask = { fullName, entries, position: node.position, isConditional }
  const below = [...entries].flatMap(([key, { value }]) => {
    if (isChildKey(key)) return listTasks(value, `${fullName}${key}`, isConditional)
    return BODIES.includes(key) ? listTasks(value, `${fullName}^${key.slice(1)}`, true) : []
  })
  return [own, ...below]
}

/** A list of mappings is one mapping. */
function entriesOf(node: Located): ReadonlyMap<string, Entry> | undefined {
  if (node.kind === 'map') return node.entries
  if (node.kind === 'scalar') return undefined
  return new Map(node.items.flatMap((item) => (item.kind === 'map' ? [...item.entries] : [])))
}

function isDisabled(entries: ReadonlyMap<string, Entry>): boolean {
  const value = entries.get('_disable')?.value
  return value?.kind === 'scalar' && (value.value === true || String(value.value).toLowerCase() === 'true')
}

function taskProblems(root: LocatedMap, fullName: string, operators: ReadonlySet<string>): readonly Problem[] {
  const [, ...tasks] = listTasks(root, fullName)
  return tasks.flatMap((task) => operatorProblems(task, operators))
}

/** The operator's word of a task; undefined for a group. */
export function operatorOf(entries: ReadonlyMap<string, Entry>): { word: string; entry: Entry } | undefined {
  for (const [key, entry] of entries) {
    if (key.endsWith('>')) return { word: key.slice(0, -1), entry }
    if (key === '_type' && entry.value.kind === 'scalar') return { word: String(entry.value.value), entry }
  }
  return undefined
}

function operatorProblems(task: LocatedTask, operators: ReadonlySet<string>): readonly Problem[] {
  const operator = operatorOf(task.entries)
  if (operator === undefined) return []
  if (!operators.has(operator.word)) return [unknownOperator(task, operator, operators)]
  return [...task.entries].flatMap(([key, entry]) => keyProblems(task, operator.word, key, entry))
}

function unknownOperator(
  task: LocatedTask,
  { word, entry }: { word: string; entry: Entry },
  operators: ReadonlySet<string>,
): Problem {
  const known = `The operators are ${[...operators]
    .sort()
    .map((one) => `${one}>`)
    .join(' ')}.`
  const near = DIGDAGS_OTHERS.has(word) ? undefined : nearest(word, operators)
  const message = `Unknown operator ${word}>: ${task.fullName} cannot run`
  const instead = DIGDAGS_OTHERS.has(word)
    ? `Digdag has it, Sluice not yet: call the tool itself with sh> or py>. ${known}`
    : known
  return problemAt(entry.key, { message, hint: near === undefined ? instead : `Did you mean ${near}>?` })
}

/** What is written correctly is no slip of the pen. */
const DIGDAGS_OTHERS: ReadonlySet<string> = new Set([
  ...['pg', 'td', 'td_run', 'td_load', 'td_for_each', 'td_wait', 'td_wait_table', 'td_ddl', 'td_table_export'],
  ...['td_result_export', 'mail', 'http', 'rb', 'embulk', 'require', 'param_get', 'param_set', 'redshift'],
  ...['redshift_load', 'redshift_unload', 's3_copy', 's3_delete', 's3_move', 's3_touch', 's3_wait', 'emr'],
  ...['bq', 'bq_ddl', 'bq_extract', 'bq_load', 'gcs_wait', 'ecs_task.run', 'snowflake'],
])

/** These hand all their keys to the user's own code, so that any key may be meant (as in Digdag). */
const TAKE_ANY = new Set(['sh', 'py', 'rb'])

function keyProblems(task: LocatedTask, word: string, key: string, entry: Entry): readonly Problem[] {
  if (isOperatorKey(key) || isChildKey(key) || OPERATOR_KEYS.has(key)) return []
  const options = OPERATOR_OPTIONS.get(word)
  if (options?.includes(key)) return []
  const directive = key.startsWith('_') ? nearest(key, DIRECTIVES) : undefined
  if (directive !== undefined) return [mistypedDirective(task, key, directive, entry)]
  if (options === undefined) return []
  const near = nearest(key, options)
  if (near === undefined && TAKE_ANY.has(word)) return []
  const hint =
    near === undefined
      ? `${word}> does not know it. Remove it, or put it below _export: if it is a variable.`
      : `Did you mean ${near}?`
  const message = `Parameter '${key}' is not used at task ${task.fullName}.`
  return [{ ...problemAt(entry.key, { message, hint }), severity: 'warning' }]
}

function mistypedDirective(task: LocatedTask, key: string, directive: string, entry: Entry): Problem {
  const message = `${task.fullName} has an unknown directive: ${key}`
  return problemAt(entry.key, { message, hint: `Did you mean ${directive}?` })
}
