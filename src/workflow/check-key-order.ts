import type { Located, LocatedMap } from './located.ts'
import { warningAt } from './problem.ts'
import type { Problem } from './workflow.ts'

/** JavaScript's objects, and JSON read by it, put such keys first, by number. */
const INDEX = /^(?:0|[1-9]\d{0,8})$/

/** In Digdag the order of keys is that of the file. Here that holds for all keys but whole numbers: where it makes a difference, somebody should know. */
export function checkKeyOrder(root: LocatedMap): readonly Problem[] {
  const known = new Set<Located>()
  const look = (node: Located): readonly Problem[] => {
    if (known.has(node)) return []
    known.add(node)
    if (node.kind === 'scalar') return []
    if (node.kind === 'list') return node.items.flatMap(look)
    return [...findDisorder(node), ...[...node.entries.values()].flatMap(({ value }) => look(value))]
  }
  return look(root)
}

function findDisorder({ entries }: LocatedMap): readonly Problem[] {
  const written = [...entries.keys()]
  if (!written.some((key) => INDEX.test(key))) return []
  const read = Object.keys(Object.fromEntries(written.map((key) => [key, null])))
  const first = written.find((key, at) => key !== read[at])
  const place = first === undefined ? undefined : entries.get(first)
  if (place === undefined) return []
  const numbers = read.filter((key) => INDEX.test(key))
  return [
    warningAt(place.key, {
      message: `Keys that are whole numbers are read first and by number, whatever their order here: ${numbers.join(', ')}`,
      hint: 'If the order matters, as in for_each>, begin them with a letter.',
    }),
  ]
}
