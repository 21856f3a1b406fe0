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
  const problem = { severity: 'error', ...position, message: showControls(message), hint: showControls(hint) } as const
  return digdag === undefined ? problem : { ...problem, digdag: { ...digdag, file: position.file, turn: 0 } }
}

/** It declines nothing. */
export function warningAt(position: Position, wrong: Omit<Wrong, 'digdag'>): Problem {
  return { ...problemAt(position, wrong), severity: 'warning' }
}
