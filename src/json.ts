import { ExactNumber, type Json } from './brand.ts'

/** `JSON.stringify`, with exact numbers as they are written. */
export function printJson(value: unknown, indent?: number): string {
  if (!holdsExact(value)) return JSON.stringify(value, null, indent)
  const mark = (_: string, one: unknown) => (one instanceof ExactNumber ? MARK + one.text : one)
  return JSON.stringify(value, mark, indent).replace(MARKED, '$1')
}

function holdsExact(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return value instanceof ExactNumber || Object.values(value).some(holdsExact)
}

/** `JSON.parse`, with exact numbers where a double would lose something. */
export function parseJson(text: string): Json {
  if (!MAY_LOSE.test(text)) return JSON.parse(text)
  const marked = markLost(text)
  return marked.length === text.length ? JSON.parse(text) : JSON.parse(marked, unmark)
}

/** Strings are passed over from quote to quote: a pattern for a whole one keeps a way back of each character, more than the stack holds of a long one. */
function markLost(text: string): string {
  const tokens = new RegExp(QUOTE_OR_NUMBER)
  let [marked, from] = ['', 0]
  for (let found = tokens.exec(text); found !== null; found = tokens.exec(text)) {
    const [token] = found
    if (token === '"') tokens.lastIndex = endOfString(text, tokens.lastIndex)
    if (!isLost(token)) continue
    marked += `${text.slice(from, found.index)}"${MARK}${token}"`
    from = tokens.lastIndex
  }
  return marked + text.slice(from)
}

function endOfString(text: string, from: number): number {
  let at = text.indexOf('"', from)
  while (at >= 0 && isEscaped(text, at)) at = text.indexOf('"', at + 1)
  return at < 0 ? text.length : at + 1
}

function isEscaped(text: string, at: number): boolean {
  let before = at
  while (text[before - 1] === '\\') before--
  return (at - before) % 2 === 1
}

/** Nobody can know it, so no text of anybody's is taken for a number. */
const MARK = `${crypto.randomUUID()} `
const MARKED = new RegExp(`"${MARK}([^"]*)"`, 'g')

const MAY_LOSE = /\d{16}|\.\d*0(?![\d.])|\d[eE][-+\d]/
const QUOTE_OR_NUMBER = /"|-?\d[\d.eE+-]*/g
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/

const isLost = (token: string): boolean => NUMBER.test(token) && String(Number(token)) !== token

function unmark(_: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(MARK) ? new ExactNumber(value.slice(MARK.length)) : value
}
