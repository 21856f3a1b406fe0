import { isChildKey, type Place } from './directives.ts'
import type { Entry, Located, Position } from './located.ts'

/** A task with its place in the tree of names. */
export type LocatedTask = {
  readonly fullName: string
  readonly place: Exclude<Place, 'schedule'>
  readonly entries: ReadonlyMap<string, Entry>
  readonly position: Position
  /** The word before `>`, of a task with an operator. */
  readonly operator?: { readonly word: string; readonly entry: Entry }
  /** Within a body that may or may not run: `_do`, `_error` and the like. */
  readonly isConditional: boolean
}

const BODIES: ReadonlySet<string> = new Set(['_do', '_else_do', '_check', '_error'])

/** All tasks of a file, those of bodies too, disabled ones not; the root comes first. */
export function listTasks(root: Located, fullName: string): readonly LocatedTask[] {
  const tasks: LocatedTask[] = []
  addTasks(tasks, root, fullName, false)
  return tasks
}

function addTasks(tasks: LocatedTask[], node: Located, fullName: string, isConditional: boolean): void {
  const entries = entriesOf(node)
  if (entries === undefined || isDisabled(entries)) return
  const operator = findOperator(entries)
  const place = tasks.length === 0 ? 'root' : operator === undefined ? 'group' : 'operator'
  const found = operator === undefined ? {} : { operator }
  tasks.push({ fullName, place, entries, position: node.position, ...found, isConditional })
  for (const [key, { value }] of entries) {
    if (isChildKey(key)) addTasks(tasks, value, `${fullName}${key}`, isConditional)
    else if (BODIES.has(key)) addTasks(tasks, value, `${fullName}^${key.slice(1)}`, true)
  }
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

/** `_type` decides, wherever it stands (as in Digdag). */
function findOperator(entries: ReadonlyMap<string, Entry>): LocatedTask['operator'] {
  const type = entries.get('_type')
  if (type?.value.kind === 'scalar') return { word: String(type.value.value), entry: type }
  for (const [key, entry] of entries) if (key.endsWith('>')) return { word: key.slice(0, -1), entry }
  return undefined
}
