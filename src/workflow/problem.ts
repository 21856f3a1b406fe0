import type { Position } from './located.ts'
import { showControls } from './show-controls.ts'
import type { DigdagWords, Problem } from './workflow.ts'

/** Before anybody knows in which file. */
export type DigdagSays = Pick<DigdagWords, 'phase' | 'message'>

/** What is wrong, before anybody knows where. */
export type Wrong = {
  readonly message: string
  readonly hint: string
  /** Absent when Digdag would not decline it. */
  readonly digdag?: DigdagSays
}

export function problemAt(position: Position, { message, hint, digdag }: Wrong): Problem {
  const problem = { severity: 'error', ...position, message: readable(message), hint: readable(hint) } as const
  return digdag === undefined ? problem : { ...problem, digdag: { ...digdag, file: position.file, turn: 0 } }
}

/** More are of no use to anybody, and a file can be made to have 100,000. */
export const MAX_PROBLEMS = 100
/** What is gathered tells whether there are more. */
export const ENOUGH_PROBLEMS = MAX_PROBLEMS + 1

/** All problems of all items, until there are enough. */
export function collectProblems<Item>(
  items: Iterable<Item>,
  find: (item: Item) => readonly Problem[],
): readonly Problem[] {
  const problems: Problem[] = []
  for (const item of items) {
    if (problems.length >= ENOUGH_PROBLEMS) break
    problems.push(...find(item))
  }
  return problems
}

const MOST_LETTERS = 500

/** Keys and values of a file may be as long as the file. */
function readable(text: string): string {
  const isCut = text.length > MOST_LETTERS
  return showControls(isCut ? `${text.slice(0, MOST_LETTERS).replace(/\p{Cs}$/u, '')}…` : text)
}

/** It declines nothing. */
export function warningAt(position: Position, wrong: Omit<Wrong, 'digdag'>): Problem {
  return { ...problemAt(position, wrong), severity: 'warning' }
}
