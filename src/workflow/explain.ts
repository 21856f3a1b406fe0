import { withoutMark } from './located.ts'
import { showControls } from './show-controls.ts'
import type { Problem } from './workflow.ts'

const MAX_COLUMNS = 120

/** A problem for people: where and what, the line of source with a caret, what to do. `text` is the problem's file. */
export function explainProblem(problem: Problem, text: string | undefined): readonly string[] {
  const { severity, file, line, column, message, hint } = problem
  const head = `${showControls(file)}:${line}:${column} ${severity}: ${message}`
  const source = text === undefined ? undefined : sourceLine(text, line)
  return [head, ...(source === undefined ? [] : pointAt(source, line, column)), ...(hint === '' ? [] : [`  ${hint}`])]
}

function sourceLine(text: string, line: number): string | undefined {
  const source = withoutMark(text).split('\n')[line - 1]
  return source === undefined || source.trim() === '' ? undefined : source.replace(/\r$/, '')
}

/** A long line is shown around its column. Tabs and control characters would move the caret, or the terminal. */
function pointAt(source: string, line: number, column: number): readonly string[] {
  const from = column > MAX_COLUMNS - 20 ? column - 40 : 0
  const shown = source.slice(from, from + MAX_COLUMNS).replace(/[\p{Cc}\p{Cf}]/gu, ' ')
  const gutter = `  ${line} | `
  return [`${gutter}${shown}`, `${' '.repeat(gutter.length + column - 1 - from)}^`]
}
