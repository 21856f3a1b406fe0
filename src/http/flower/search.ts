import type { SearchField, TaskSearch } from '../../db/flower.ts'

/** What is wrong with a search, in words. */
export type SearchProblem = { readonly problem: string }

/** Flower's bounds. */
const MOST_CHARACTERS = 2_048
const MOST_TOKENS = 128
const MOST_DEPTH = 5
const FEWEST_CHARACTERS = 3

const FIELDS: ReadonlySet<string> = new Set<SearchField>([
  ...(['name', 'uuid', 'state', 'worker', 'args', 'kwargs', 'result'] as const),
])
const isField = (word: string): word is SearchField => FIELDS.has(word)

type Token = { readonly raw: string; readonly position: number }
/** What is left to be read; taken from its front. */
type Rest = Token[]

/** Flower's language: terms side by side or with AND must all be found, OR finds either, parentheses group. */
export function parseSearch(text: string): TaskSearch | SearchProblem {
  if (text.length > MOST_CHARACTERS) return { problem: `A search has at most ${MOST_CHARACTERS} characters` }
  const rest = tokenize(text.trim())
  if ('problem' in rest) return rest
  if (rest.length === 0) return { all: [] }
  const search = parseEither(rest, 0)
  const [left] = rest
  return 'problem' in search || left === undefined ? search : wrong(`Unexpected '${left.raw}'`, left)
}

const wrong = (what: string, { position }: Token): SearchProblem => ({ problem: `${what} at position ${position}` })

/** A parenthesis, or a word with its quotes still on it: they tell `"OR"` from `OR`. */
const TOKEN = /\s*([()]|(?:[^\s()"\\]|\\["\\]|\\(?!["\\])|"(?:[^"\\]|\\["\\]|\\(?!["\\]))*")+)/gy

function tokenize(text: string): Rest | SearchProblem {
  const tokens: Rest = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [whole, raw = ''] = match
    end = match.index + whole.length
    tokens.push({ raw, position: end - raw.length })
    if (tokens.length > MOST_TOKENS) return { problem: `A search has at most ${MOST_TOKENS} words and parentheses` }
  }
  return end < text.length ? { problem: `A quote is not closed after position ${end}` } : tokens
}

function parseEither(rest: Rest, depth: number): TaskSearch | SearchProblem {
  const either = [parseAll(rest, depth)]
  for (let or = takeIf(rest, 'OR'); or !== undefined; or = takeIf(rest, 'OR'))
    either.push(isTermNext(rest) ? parseAll(rest, depth) : wrong('OR must be followed by a search term', or))
  return combine('any', either)
}

function parseAll(rest: Rest, depth: number): TaskSearch | SearchProblem {
  const all = [parseOne(rest, depth)]
  while (rest[0] !== undefined && rest[0].raw !== ')' && rest[0].raw !== 'OR') {
    const and = takeIf(rest, 'AND')
    all.push(
      and === undefined || isTermNext(rest)
        ? parseOne(rest, depth)
        : wrong('AND must be followed by a search term', and),
    )
  }
  return combine('all', all)
}

function parseOne(rest: Rest, depth: number): TaskSearch | SearchProblem {
  const token = rest.shift()
  if (token === undefined) return { problem: 'The search ends too early' }
  if (token.raw !== '(') return parseTerm(token)
  if (depth >= MOST_DEPTH) return wrong(`Parentheses are more than ${MOST_DEPTH} deep`, token)
  if (rest[0]?.raw === ')') return wrong('Nothing stands in the parentheses', token)
  const inner = parseEither(rest, depth + 1)
  if ('problem' in inner || takeIf(rest, ')') !== undefined) return inner
  return wrong('A parenthesis is not closed', token)
}

function takeIf(rest: Rest, raw: string): Token | undefined {
  return rest[0]?.raw === raw ? rest.shift() : undefined
}

const isTermNext = ([next]: Rest) => next !== undefined && !['AND', 'OR', ')'].includes(next.raw)

function combine(kind: 'all' | 'any', parts: readonly (TaskSearch | SearchProblem)[]): TaskSearch | SearchProblem {
  const searches: TaskSearch[] = []
  for (const part of parts) {
    if ('problem' in part) return part
    searches.push(part)
  }
  const [first, second] = searches
  if (first !== undefined && second === undefined) return first
  return kind === 'all' ? { all: searches } : { any: searches }
}

function parseTerm(token: Token): TaskSearch | SearchProblem {
  const { raw } = token
  if ([')', 'AND', 'OR'].includes(raw)) return wrong(`Expected a search term instead of '${raw}'`, token)
  if (raw === 'NOT') return wrong('NOT is not supported', token)
  const text = raw.replace(/\\(["\\])|"/g, '$1')
  const [, prefix = '', value = ''] = /^(\w+):(.*)$/s.exec(text) ?? []
  const field = prefix.toLowerCase()
  return isField(field) ? termOf(field, value, token) : termOf(null, text, token)
}

/** States are compared whole, everything else in part: less than three characters are in everything. */
function termOf(field: SearchField | null, text: string, token: Token): TaskSearch | SearchProblem {
  if (field === null && text.startsWith('-')) return wrong("'-' before a word is not supported", token)
  if (text === '') return wrong('Expected a word to look for', token)
  const isWhole = field === 'state' || (field === 'kwargs' && text.includes('='))
  if (isWhole || text.trim().length >= FEWEST_CHARACTERS) return { field, text }
  return wrong(`A word to look for has at least ${FEWEST_CHARACTERS} characters: '${text}'`, token)
}
