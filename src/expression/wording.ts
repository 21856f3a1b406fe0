import type { BrokenCode, Outcome } from '../workflow/workflow.ts'
import type { Answer, Thrown } from './exchange.ts'
import { MEMORY_BYTES, TIME_MS } from './interpreter.ts'
import { nameCallee } from './name-callee.ts'

const LIMITS = {
  time: `Error: the expression ran for more than ${TIME_MS} ms`,
  memory: `Error: the expression needs more than ${MEMORY_BYTES >> 20} MB of memory`,
}

/** In Digdag's words, where the interpreter has its own. Of what was only compiled there are no texts. */
export function wordAnswer(codes: readonly string[], answer: Answer): Outcome {
  if (answer.kind === 'texts') return { ok: true, texts: answer.texts }
  if (answer.kind === 'compiled') return { ok: true, texts: [] }
  if (answer.kind === 'limit') return { ok: false, kind: 'limit', error: LIMITS[answer.limit] }
  if (answer.kind === 'syntax') return wordBroken(codes, answer)
  return { ok: false, kind: 'thrown', error: wordThrown(codes[answer.index] ?? '', answer) }
}

/** Beyond a limit nobody knows. */
export function wordCompiled(codes: readonly string[], answer: Answer): readonly BrokenCode[] {
  return answer.kind === 'compiled' ? answer.broken.map((one) => wordBroken(codes, one)) : []
}

function wordBroken(codes: readonly string[], { index, message, at }: Thrown): BrokenCode {
  return { ok: false, kind: 'syntax', error: message, index, ...placeIn(codes[index] ?? '', at) }
}

/** What is missing at the end is missed behind it. */
function placeIn(code: string, at: Place | null): Place {
  const lines = code.split('\n')
  if (at !== null && at.line <= lines.length) return at
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

function wordThrown(code: string, { message, at }: Thrown): string {
  if (message === 'TypeError: not a function' && at !== null) {
    const callee = nameCallee(textBefore(code, at))
    return callee === undefined ? message : `TypeError: ${callee} is not a function`
  }
  return message
    .replace(
      /^TypeError: cannot read property(?= of)/,
      (read) => `${read}${at === null ? '' : nameElement(textAfter(code, at))}`,
    )
    .replace(/^ReferenceError: '(.+)' is not defined$/, 'ReferenceError: $1 is not defined')
    .replace(/^TypeError: cannot (read|set) property/, 'TypeError: Cannot $1 property')
    .replace(/^TypeError: circular reference$/, 'TypeError: Converting circular structure to JSON')
    .replace(/^InternalError: stack overflow$/, 'RangeError: Maximum call stack size exceeded')
}

/** Of `['x']` and `[0]`: what is in a variable nobody knows here. */
function nameElement(code: string): string {
  const name = /^\[\s*('[^']*'|"[^"]*"|\d+)\s*\]/.exec(code)?.[1]
  return name === undefined ? '' : ` '${name.replace(/^['"]|['"]$/g, '')}'`
}

type Place = { readonly line: number; readonly column: number }

const textAfter = (code: string, { line, column }: Place) => code.split('\n')[line - 1]?.slice(column - 1) ?? ''

function textBefore(code: string, { line, column }: Place): string {
  const lines = code.split('\n').slice(0, line)
  return [...lines.slice(0, -1), lines.at(-1)?.slice(0, column - 1)].join('\n')
}
