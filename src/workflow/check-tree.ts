import type { JsonObject } from '../brand.ts'
import { checkOperator } from './check-operator.ts'
import { checkValues } from './check-values.ts'
import { findDirective, isChildKey, isCommandKey, ROOT_KEYS, sayPlaces } from './directives.ts'
import type { Fault } from './fault.ts'
import { isGenerated, type LocatedTask } from './list-tasks.ts'
import { type Entry, findEntry, type Located, type LocatedMap, type Position, plainMap } from './located.ts'
import { pickKeys } from './merge.ts'
import { didYouMean } from './nearest.ts'
import { collectProblems, ENOUGH_PROBLEMS, problemAt, warningAt } from './problem.ts'
import { unfoldTree } from './tree.ts'
import type { Problem } from './workflow.ts'

/** One file, with the place of everything and without. `tasks` are those of `root`. */
export type Parsed = {
  readonly root: LocatedMap
  readonly tasks: readonly LocatedTask[]
  readonly config: JsonObject
}

export type Around = {
  /** Of the file, which its first task has. */
  readonly name: string
  /** The words before `>` that this installation knows. */
  readonly operators: ReadonlySet<string>
  /** Problems of which others have told. */
  readonly known: readonly Problem[]
}

/** Every rule on the tasks of one file. */
export function checkTree({ root, tasks, config }: Parsed, { name, operators, known }: Around): readonly Problem[] {
  const errors = [
    ...rootKeyProblems(root, name),
    ...nothingProblems(root),
    ...structureProblems(root, config, name),
    ...collectProblems(tasks, (task) => checkOperator(task, operators)),
    ...collectProblems(tasks.filter(isGenerated), generatedProblems),
  ]
  return [...errors, ...checkValues(tasks, [...known, ...errors])]
}

/** The root is always a group: an operator there is an unknown key too. */
function rootKeyProblems(root: LocatedMap, name: string): readonly Problem[] {
  const isUnknown = ([key]: [string, Entry]) => !isChildKey(key) && !ROOT_KEYS.has(key)
  const unknown = [...root.entries].filter(isUnknown).slice(0, ENOUGH_PROBLEMS)
  const say = (keys: string) => `Workflow '${name}' includes unknown keys: [${keys}]`
  const digdag = { phase: 'keys', message: say(unknown.map(([key]) => key).join(', ')) } as const
  return unknown.map(([key, entry]) => {
    const message = `${say(key)}: the top of a file has directives and +tasks only`
    return problemAt(entry.key, { message, hint: didYouMean(key, ROOT_KEYS, rootHint(key), 3), digdag })
  })
}

function rootHint(key: string): string {
  const directive = findDirective(key)
  if (directive !== undefined) return `It belongs into ${sayPlaces(directive)}.`
  if (isCommandKey(key)) return `Put it into a task: +${key.slice(0, -1)}: {${key}: …}.`
  if (/^\d+$/.test(key)) return `Was it a task? +${key}: without quotes is the number ${key}; write "+${key}":.`
  return 'Remove it, put it below _export: if it is a variable, or begin its name with + if it is a task.'
}

/** As in Digdag, and only at the top of a file. */
const NEED_VALUES: ReadonlySet<string> = new Set(['schedule', 'sla', '_error', '_check', '_retry', '_parallel'])

const isNothing = ({ value }: Entry): boolean => value.kind === 'scalar' && value.value === null

function nothingProblems(root: LocatedMap): readonly Problem[] {
  const empty = [...root.entries].filter(([key, entry]) => NEED_VALUES.has(key) && isNothing(entry))
  return empty.map(([key, entry]) => {
    const message = `Parameter '${key}' is required but null`
    return problemAt(entry.key, {
      message,
      hint: 'Give it a value, or remove it.',
      digdag: { phase: 'nothing', message },
    })
  })
}

function structureProblems(root: LocatedMap, config: JsonObject, name: string): readonly Problem[] {
  const isKnown = (key: string) =>
    isChildKey(key) || (ROOT_KEYS.has(key) && !(NEED_VALUES.has(key) && config[key] === null))
  const known = pickKeys(config, isKnown)
  return unfoldTree(known, `+${name}`)
    .faults.slice(0, ENOUGH_PROBLEMS)
    .map((fault) => faultAt(root, fault))
}

/** Digdag finds them when the task has run, and fails it. */
function generatedProblems({ fullName, entries, position }: LocatedTask): readonly Problem[] {
  const body: LocatedMap = { kind: 'map', entries, position, bytes: 0 }
  const { faults } = unfoldTree(plainMap(body), fullName)
  const few = faults.slice(0, ENOUGH_PROBLEMS)
  return few.map(({ path, message, hint }) => warningAt(placeOf(body, path), { message, hint }))
}

function faultAt(root: Located, fault: Fault): Problem {
  return problemAt(placeOf(root, fault.path), fault)
}

const placeOf = (root: Located, path: readonly string[]): Position => findEntry(root, path)?.key ?? root.position
