import {
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  Lexer,
  LineCounter,
  type ParsedNode,
  type ParseOptions,
  Parser,
  type SchemaOptions,
  visit,
  type visitor,
} from 'yaml'
import type { Position } from './located.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './workflow.ts'
import { YAML_TYPES } from './yaml-types.ts'

/** A file that was read, and how to tell where its nodes stand. */
export type Yaml = {
  readonly root: ParsedNode | null
  readonly text: string
  readonly at: (offset: number) => Position
}

/** Deeper trees overflow the stack of the composer, which ends the process and cannot be caught. */
const MAX_DEPTH = 100
const MAX_DIRECTIVES = 100
const MAX_PROBLEMS = 5
/** Each error costs the parser a stack trace: 100,000 of them are seconds. An anchor, a tag and a value are the most that can be right. */
const MAX_ERRORS = 20
const MAX_NODES_IN_A_ROW = 3

/** `text` has no byte order mark. With problems there is no root. */
export function readYaml(file: string, text: string): { readonly yaml: Yaml; readonly problems: readonly Problem[] } {
  const lines = new LineCounter()
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const { document, faults } = parse(text.replace(LONE_RETURN, '\n'), lines)
  const problems = faults.slice(0, MAX_PROBLEMS).map((fault) => faultAt(at(fault.offset), fault))
  return { yaml: { root: problems.length > 0 ? null : (document?.contents ?? null), text, at }, problems }
}

/** The end of a line on old Macs; one letter for another, so that offsets stay. */
const LONE_RETURN = /\r(?!\n)/g

type Fault = { readonly offset: number; readonly message: string; readonly hint: string }
type Parsed = { readonly document?: Document.Parsed | undefined; readonly faults: readonly Fault[] }

function parse(text: string, lines: LineCounter): Parsed {
  const { tokens, stopped } = scan(text, lines)
  if (stopped !== undefined) return { faults: [stopped] }
  const [document, second] = [...new Composer(OPTIONS).compose(tokens, true, text.length)]
  const faults = [...findOddLetter(text), ...faultsOf(document)]
  if (faults.length === 0 && second !== undefined) faults.push({ offset: second.range?.[0] ?? 0, ...SECOND_DOCUMENT })
  return { document, faults }
}

function faultAt(position: Position, { message, hint }: Fault): Problem {
  return problemAt(position, { message, hint, digdag: sayYaml(message, position) })
}

/** Digdag's parser gives such a text, whatever is wrong, with the place at its end. */
export function sayYaml(message: string, { line, column }: Position) {
  return { phase: 'yaml', message: `while reading: ${message}\n in 'string', line ${line}, column ${column}:` } as const
}

/** YAML is made of letters that can be printed; others are written with an escape, between quotes. NUL is told where texts are read. */
function findOddLetter(text: string): readonly Fault[] {
  const offset = text.search(ODD_LETTER)
  if (offset < 0) return []
  const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0')
  const hint = 'Take it out, or write it with an escape between double quotes: "\\e".'
  return [{ offset, message: `Not valid YAML: a control character stands here (U+${code})`, hint }]
}

const ODD_LETTER = /[^\P{Cc}\0\t\n\r\u0085]/u

const SECOND_DOCUMENT = {
  message: 'A second document begins here (---), and a workflow file is one document',
  hint: 'Move it to a file of its own.',
}

/** Bounded work on any text: stops at the first place that is nested too deeply, at a second document, and when nothing but errors comes. */
function scan(text: string, lines: LineCounter): { tokens: CST.Token[]; stopped: Fault | undefined } {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
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

/** Of the warnings, which Digdag's parser knows nothing of, only tags matter. */
function faultsOf(document: Document.Parsed | undefined): readonly Fault[] {
  const tags = document?.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED') ?? []
  return [...(document?.errors ?? []), ...tags].map(({ pos, code, message }) => ({
    offset: findOpener(document, code, message, pos[0]) ?? pos[0],
    message: wordOf(code, message),
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

function wordOf(code: string, message: string): string {
  const first = message.split('\n')[0] ?? message
  if (first.startsWith('Flow ')) return 'Not valid YAML: a bracket is opened here and not closed where it should be'
  if (first.startsWith('Missing closing')) return 'Not valid YAML: a quote is opened here and never closed'
  if (code !== 'TAG_RESOLVE_FAILED') return `Not valid YAML: ${first}`
  return first.startsWith('!!') ? first : `Unknown YAML tag (${first})`
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'Indent with spaces.'],
  ['BAD_INDENT', 'Give keys of one mapping the same number of spaces.'],
  ['MISSING_CHAR', 'Close it, or put the whole text in the other kind of quotes.'],
  ['TAG_RESOLVE_FAILED', 'Put the text in quotes, or use one of !!str !!int !!float !!binary !!set.'],
  ['MULTIPLE_ANCHORS', 'Keep one anchor.'],
])

function hintOf(code: string, message: string): string {
  if (message.startsWith('Flow ')) return 'Close it with ] or }, and indent its lines deeper than its key.'
  return HINTS.get(code) ?? 'Look at the indentation, colons and quotes of this line and the one above it.'
}

const OPTIONS = {
  schema: 'failsafe',
  customTags: [...YAML_TYPES],
  uniqueKeys: false,
  merge: false,
  prettyErrors: false,
  logLevel: 'silent',
} satisfies ParseOptions & DocumentOptions & SchemaOptions
