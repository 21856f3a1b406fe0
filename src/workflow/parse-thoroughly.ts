import {
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  isAlias,
  isMap,
  isSeq,
  Lexer,
  type ParsedNode,
  type ParseOptions,
  Parser,
  type Scalar,
  type SchemaOptions,
  visit,
  type visitor,
  type YAMLMap,
} from 'yaml'
import type { MapNode, Node, Pair, Tag } from './node.ts'
import { INCLUDE, OMAP, PAIRS, SCALAR_TYPES, SET, STANDARD } from './yaml-types.ts'

/** What is wrong, and where. */
export type Fault = { readonly offset: number; readonly message: string; readonly hint: string }

/** Of lists and mappings. Deeper trees overflow the stack of the composer, which ends the process and cannot be caught. */
const MAX_DEPTH = 100
const MAX_DIRECTIVES = 100
/** Each error costs the parser a stack trace: 100,000 of them are seconds. An anchor, a tag and a value are the most that can be right. */
const MAX_ERRORS = 20
const MAX_NODES_IN_A_ROW = 3
/** More are of no use, and each costs a walk to where its bracket was opened. */
const MAX_FAULTS = 5

/** The root of a text, null where nothing stands, or all that is wrong in it. Bounded work on any text, and six times that of `parseQuickly`. */
export function parseThoroughly(text: string): { readonly root: Node | null } | { readonly faults: readonly Fault[] } {
  const { tokens, stopped } = scan(text)
  if (stopped !== undefined) return { faults: [stopped] }
  const [document, second] = withoutTraces(() => [...new Composer(OPTIONS).compose(tokens, true, text.length)])
  const faults = [...findOddLetter(text), ...faultsOf(document)]
  if (faults.length > 0) return { faults }
  if (second !== undefined) return { faults: [{ offset: second.range?.[0] ?? 0, ...SECOND_DOCUMENT }] }
  const root = document?.contents ?? null
  return { root: root === null ? null : nodeOf(root, text) }
}

/** The library makes an error of each fault, with a trace of the stack that nobody reads: thousands of them are seconds. */
function withoutTraces<Result>(act: () => Result): Result {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return act()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** What they mean is asked where nodes are read. */
const KNOWN_SCALARS = [INCLUDE, ...SCALAR_TYPES.keys()].map((tag) => ({ tag, resolve: (text: string) => text }))
const KNOWN_MAPS = [INCLUDE, SET].map((tag) => ({ tag, collection: 'map' }) as const)
const KNOWN_LISTS = [OMAP, PAIRS].map((tag) => ({ tag, collection: 'seq' }) as const)

const OPTIONS = {
  schema: 'failsafe',
  customTags: [...KNOWN_SCALARS, ...KNOWN_MAPS, ...KNOWN_LISTS],
  uniqueKeys: false,
  merge: false,
  prettyErrors: false,
  logLevel: 'silent',
} satisfies ParseOptions & DocumentOptions & SchemaOptions

function nodeOf(node: ParsedNode, text: string): Node {
  const [start, end] = node.range
  if (isAlias(node)) return { kind: 'alias', start, name: node.source }
  const { anchor } = node
  const tag = tagOf(node.tag, text, start)
  if (isMap(node)) return mapOf({ start, anchor, tag, pairs: pairsOf(node, text) }, text)
  if (isSeq(node)) return { kind: 'list', start, anchor, tag, items: node.items.map((item) => nodeOf(item, text)) }
  return { kind: 'scalar', start, anchor, tag, text: textOf(node, text), isPlain: node.type === 'PLAIN', end }
}

/** A tag on the line of a first key of nothing else, as of `!include : x`, is the key's; the library takes it for that of the mapping. */
function mapOf(map: Omit<MapNode, 'kind'>, text: string): MapNode {
  const { start, tag, pairs } = map
  const [first, ...others] = pairs
  const isNothing = first?.key.kind === 'scalar' && first.key.text === '' && first.key.tag === undefined
  if (tag === undefined || !isNothing || text[start] === '{' || !/![^\n]*$/.test(reachBefore(text, start)))
    return { kind: 'map', ...map }
  return { kind: 'map', ...map, tag: undefined, pairs: [{ ...first, key: { ...first.key, tag } }, ...others] }
}

/** How far before its node a tag is looked for: a text of nothing but tags is not to be searched from the top for each. */
const TAG_REACH = 1000
const reachBefore = (text: string, end: number): string => text.slice(Math.max(end - TAG_REACH, 0), end)

function pairsOf({ items, range }: YAMLMap.Parsed, text: string): readonly Pair[] {
  return items.map(({ key, value }) => {
    const keyNode = key === null ? nothingAt(range[0]) : nodeOf(key, text)
    return { key: keyNode, value: value === null ? nothingAt(keyNode.start) : nodeOf(value, text) }
  })
}

function nothingAt(start: number): Node {
  return { kind: 'scalar', start, anchor: undefined, tag: undefined, text: '', isPlain: true, end: start }
}

/** The library does not say where it stands. `end`: behind it. */
function tagOf(name: string | undefined, text: string, end: number): Tag | undefined {
  if (name === undefined || name === '!') return undefined
  const before = reachBefore(text, end)
  const [short, long] = [name.replace(STANDARD, '!!'), `!<${name}>`]
  const [shortAt, longAt] = [before.lastIndexOf(short), before.lastIndexOf(long)]
  const at = Math.max(shortAt, longAt)
  return { name, written: longAt > shortAt ? long : short, start: at < 0 ? end : end - before.length + at }
}

/** A block at the end of a file has no end of line that the file does not have (as in Digdag). */
function textOf({ source, type, range }: Scalar.Parsed, text: string): string {
  const isOpen = type?.startsWith('BLOCK_') === true && range[1] >= text.length && !text.endsWith('\n')
  return isOpen ? source.replace(/\n$/, '') : source
}

/** YAML is made of letters that can be printed; others are written with an escape, between quotes. NUL is told where texts are read. */
export function findOddLetter(text: string): readonly Fault[] {
  const offset = text.search(ODD_LETTER)
  if (offset < 0) return []
  const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0')
  const hint = 'Take it out, or write it with an escape between double quotes: "\\e".'
  return [{ offset, message: `Not valid YAML: a control character stands here (U+${code})`, hint }]
}

const ODD_LETTER = /[^\P{Cc}\0\t\n\r\u0085]|[\ufffe\uffff]/u

const SECOND_DOCUMENT = {
  message: 'A second document begins here (---), and a workflow file is one document',
  hint: 'Move it to a file of its own.',
}

/** Bounded work on any text: stops at the first place that is nested too deeply, at a second document, and when nothing but errors comes. */
function scan(text: string): { tokens: CST.Token[]; stopped: Fault | undefined } {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  const counts = { document: 0, directive: 0, error: 0 }
  let nodes = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      tokens.push(token)
      if (token.type === 'document' || token.type === 'directive' || token.type === 'error') counts[token.type]++
    }
    nodes = countNodes(nodes, lexeme)
    const fault = findBound(parser.stack.length, counts.directive, nodes)
    if (fault !== undefined) return { tokens, stopped: { offset: parser.offset, ...fault } }
    if (counts.document > 1 || counts.error > MAX_ERRORS) return { tokens, stopped: undefined }
  }
  tokens.push(...parser.end())
  return { tokens, stopped: undefined }
}

/** Anchors, tags, aliases and quoted texts in a row, with only spaces between. */
function countNodes(before: number, lexeme: string): number {
  const first = lexeme[0]
  if (first === ' ' || first === '\t') return before
  return first !== undefined && NODE_STARTS.includes(first) ? before + 1 : 0
}

const NODE_STARTS = '&*!"\''

function findBound(depth: number, directives: number, nodes: number): Omit<Fault, 'offset'> | undefined {
  if (depth > MAX_DEPTH) return TOO_DEEP
  if (directives > MAX_DIRECTIVES) return TOO_MANY_DIRECTIVES
  return nodes > MAX_NODES_IN_A_ROW ? TOO_MANY_NODES : undefined
}

const TOO_DEEP = {
  message: `Nested deeper than ${MAX_DEPTH} levels, which no workflow needs`,
  hint: 'Split the tree with call> or !include.',
}
const TOO_MANY_DIRECTIVES = {
  message: `More than ${MAX_DIRECTIVES} lines begin with %, which is for directives of YAML`,
  hint: 'Put texts that begin with % in quotes.',
}

const TOO_MANY_NODES = {
  message: 'Not valid YAML: several values stand where one should be',
  hint: 'Put a comma between them in a list, or quotes around the whole.',
}

function faultsOf(document: Document.Parsed | undefined): readonly Fault[] {
  return (document?.errors ?? []).slice(0, MAX_FAULTS).map(({ pos, code, message }) => ({
    offset: findOpener(document, code, message, pos[0]) ?? pos[0],
    message: wordOf(message),
    hint: hintOf(code, message),
  }))
}

/** What is never closed is told at the file's end; people look for where it began. */
function findOpener(document: Document.Parsed | undefined, code: string, message: string, end: number) {
  const isQuote = code === 'MISSING_CHAR' && /^Missing closing/.test(message)
  if (document === undefined || !(isQuote || message.startsWith('Flow '))) return undefined
  let opener: number | undefined
  const note = (_: unknown, node: { flow?: boolean; type?: string; range?: readonly number[] | null }) => {
    const [from = 0, , to = 0] = node.range ?? []
    const isOne = isQuote ? node.type?.startsWith('QUOTE_') === true : node.flow === true
    if (isOne && from < end && to >= end) opener = from
  }
  visit(document, { Scalar: note, Collection: note } as visitor)
  return opener
}

function wordOf(message: string): string {
  const first = message.split('\n')[0] ?? message
  if (first.startsWith('Flow ')) return 'Not valid YAML: a bracket is opened here and not closed where it should be'
  if (first.startsWith('Missing closing')) return 'Not valid YAML: a quote is opened here and never closed'
  return `Not valid YAML: ${first}`
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'Indent with spaces.'],
  ['BAD_INDENT', 'Give keys of one mapping the same number of spaces.'],
  ['MISSING_CHAR', 'Close it, or put the whole text in the other kind of quotes.'],
  ['MULTIPLE_ANCHORS', 'Keep one anchor.'],
])

function hintOf(code: string, message: string): string {
  if (message.startsWith('Flow ')) return 'Close it with ] or }, and indent its lines deeper than its key.'
  return HINTS.get(code) ?? 'Look at the indentation, colons and quotes of this line and the one above it.'
}
