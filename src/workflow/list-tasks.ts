import { readBoolean } from './coerce.ts'
import { isChildKey, isCommandKey, type Place } from './directives.ts'
import { type Entry, type Located, type Position, plain } from './located.ts'

/** A task with its place in the tree of names. */
export type LocatedTask = {
  readonly fullName: string
  readonly place: Exclude<Place, 'schedule'>
  readonly entries: ReadonlyMap<string, Entry>
  readonly position: Position
  /** The task in which it stands. */
  readonly above: LocatedTask | null
  /** Of a task with an operator: the word before `>`, where it stands, and the operator's value. */
  readonly operator?: { readonly word: string; readonly entry: Entry; readonly command?: Entry }
  /** Within a body that may or may not run: `_do`, `_error` and the like. */
  readonly isConditional: boolean
}

const BODIES: ReadonlySet<string> = new Set(['_do', '_else_do', '_check', '_error'])
const LATER = /\^(?:do|else_do|check|sla)$/

/** The root of what is generated when a task has run, or is late. What an `_error` generates is looked at before anything runs (as in Digdag). */
export const isGenerated = ({ fullName, above }: LocatedTask): boolean => above !== null && LATER.test(fullName)

/** All tasks of a file, those of bodies too, disabled ones not; the root comes first. */
export function listTasks(root: Located, fullName: string): readonly LocatedTask[] {
  const tasks: LocatedTask[] = []
  addTasks(tasks, root, { fullName, above: null, isConditional: false })
  return tasks
}

type Given = Pick<LocatedTask, 'fullName' | 'above' | 'isConditional'>

function addTasks(tasks: LocatedTask[], node: Located, given: Given): void {
  const entries = entriesOf(node)
  if (entries === undefined || isDisabled(entries)) return
  const operator = findOperator(entries)
  const place = given.above === null ? 'root' : operator === undefined ? 'group' : 'operator'
  const { fullName, above, isConditional } = given
  const own = { fullName, above, isConditional, place, entries, position: node.position } as const
  const task: LocatedTask = operator === undefined ? own : { ...own, operator }
  tasks.push(task)
  if (place === 'root') addLateTasks(tasks, task)
  for (const [key, { value }] of entries) {
    if (isChildKey(key)) addTasks(tasks, value, { fullName: `${fullName}${key}`, above: task, isConditional })
    else if (BODIES.has(key))
      addTasks(tasks, value, { fullName: `${fullName}^${key.slice(1)}`, above: task, isConditional: true })
  }
}

/** Of `sla:`, beside what it says of itself. */
const SLA_OPTIONS: ReadonlySet<string> = new Set(['time', 'duration', 'alert', 'fail'])

function addLateTasks(tasks: LocatedTask[], root: LocatedTask): void {
  const sla = root.entries.get('sla')?.value
  if (sla?.kind !== 'map') return
  const entries = new Map([...sla.entries].filter(([key]) => !SLA_OPTIONS.has(key)))
  addTasks(tasks, { ...sla, entries }, { fullName: `${root.fullName}^sla`, above: root, isConditional: true })
}

/** A list of mappings is one mapping. */
function entriesOf(node: Located): ReadonlyMap<string, Entry> | undefined {
  if (node.kind === 'map') return node.entries
  if (node.kind === 'scalar') return undefined
  return new Map(node.items.flatMap((item) => (item.kind === 'map' ? [...item.entries] : [])))
}

function isDisabled(entries: ReadonlyMap<string, Entry>): boolean {
  const entry = entries.get('_disable')
  const disabled = readBoolean('_disable', entry === undefined ? false : plain(entry.value))
  return disabled.ok && disabled.value
}

/** `_type` decides, wherever it stands (as in Digdag). */
function findOperator(entries: ReadonlyMap<string, Entry>): LocatedTask['operator'] {
  const type = entries.get('_type')
  if (type?.value.kind === 'scalar') return longForm(String(type.value.value), type, entries.get('_command'))
  for (const [key, entry] of entries) if (isCommandKey(key)) return { word: key.slice(0, -1), entry, command: entry }
  return undefined
}

const longForm = (word: string, entry: Entry, command: Entry | undefined) =>
  command === undefined ? { word, entry } : { word, entry, command }
