import type { Located, LocatedMap } from './located.ts'
import { warningAt } from './problem.ts'
import type { Problem } from './workflow.ts'

/** JavaScript's objects, and JSON read by it, put such keys first, by number. */
const INDEX = /^(?:0|[1-9]\d{0,8})$/

/** In Digdag the order of keys is that of the file. Here that holds for all keys but whole numbers: where it makes a difference, somebody should know. */
export function checkKeyOrder(root: LocatedMap): readonly Problem[] {
  const problems: Problem[] = []
  addProblems(problems, root)
  return problems
}

function addProblems(problems: Problem[], node: Located): void {
  if (node.kind === 'list') for (const item of node.items) addProblems(problems, item)
  if (node.kind !== 'map') return
  problems.push(...findDisorder(node))
  for (const { value } of node.entries.values()) addProblems(problems, value)
}

function findDisorder({ entries }: LocatedMap): readonly Problem[] {
  if (!hasNumber(entries)) return []
  const written = [...entries.keys()]
  const read = Object.keys(Object.fromEntries(written.map((key) => [key, null])))
  const first = written.find((key, at) => key !== read[at])
  const place = first === undefined ? undefined : entries.get(first)
  if (place === undefined) return []
  const numbers = read.filter((key) => INDEX.test(key)).slice(0, MOST_NUMBERS)
  return [
    warningAt(place.key, {
      message: `Keys that are whole numbers are read first and by number, whatever their order here: ${numbers.join(', ')}`,
      hint: 'If the order matters, as in for_each>, begin them with a letter.',
    }),
  ]
}

const MOST_NUMBERS = 20

function hasNumber(entries: LocatedMap['entries']): boolean {
  for (const key of entries.keys()) if (INDEX.test(key)) return true
  return false
}
