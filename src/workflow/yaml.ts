import type { Position } from './located.ts'
import type { Node } from './node.ts'
import { parseQuickly } from './parse-quickly.ts'
import { type Fault, findOddLetter, parseThoroughly } from './parse-thoroughly.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './workflow.ts'

/** A file that was read, and how to tell where its nodes stand. */
export type Yaml = {
  /** Null where nothing stands, and with problems. */
  readonly root: Node | null
  readonly at: (offset: number) => Position
}

/** `given` has no byte order mark. */
export function readYaml(file: string, given: string): { readonly yaml: Yaml; readonly problems: readonly Problem[] } {
  const text = given.replace(LONE_RETURN, '\n')
  const at = openPositions(file, text)
  const parsed = parse(text)
  if ('root' in parsed) return { yaml: { root: parsed.root, at }, problems: [] }
  return { yaml: { root: null, at }, problems: parsed.faults.map((fault) => faultAt(at(fault.offset), fault)) }
}

/** The end of a line on old Macs; one letter for another, so that offsets stay. */
const LONE_RETURN = /\r(?!\n)/g

/** Two libraries: one is quick, and stops at the first thing that it does not like; the other goes on after an error, so that all are told. */
function parse(text: string): ReturnType<typeof parseThoroughly> {
  const root = parseQuickly(text)
  return root === undefined || findOddLetter(text).length > 0 ? parseThoroughly(text) : { root }
}

/** Lines end with `\n`; `\r\n` counts as one end because that does. */
function openPositions(file: string, text: string): Yaml['at'] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    const line = countUpTo(starts, offset)
    return { file, line, column: offset - (starts[line - 1] ?? 0) + 1 }
  }
}

/** How many of the sorted numbers are not beyond `most`. */
function countUpTo(sorted: readonly number[], most: number): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((sorted[middle] ?? most) <= most) from = middle + 1
    else to = middle
  }
  return from
}

function faultAt(position: Position, { message, hint }: Fault): Problem {
  return problemAt(position, { message, hint, digdag: sayYaml(message, position) })
}

/** Digdag's parser gives such a text, whatever is wrong, with the place at its end. */
export function sayYaml(message: string, { line, column }: Position) {
  return { phase: 'yaml', message: `while reading: ${message}\n in 'string', line ${line}, column ${column}:` } as const
}
