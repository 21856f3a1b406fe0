import {
  type AliasEvent,
  CHOMPING_MODE,
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
  YAMLException,
} from 'js-yaml'
import type { Node, Pair, Tag } from './node.ts'
import { STANDARD } from './yaml-types.ts'

/**
 * What the parser takes otherwise than Digdag does, or than its neighbour: tabs (also in comments and texts, where they are right), markers of documents
 * that are none, directives, `\\U`, empty lines behind an escaped end of line, escapes in tags.
 */
const DOUBTFUL = /\t|^(?: +---| *%|\.\.\.)|\\U|\\\r?\n *\r?\n|(?<=\s)!\S*%/m

/** The parser counts the value within 100 lists and mappings, too. */
const MAX_DEPTH = 101
/** A key of 1,024 letters, counted from its anchor to its colon, is too long; none near that is for this parser to decide. */
const MAX_KEY = 500

/** The root of a text, null where nothing stands. Undefined for what the parser declines, which may be right all the same: ask `parseThoroughly`. */
export function parseQuickly(given: string): Node | null | undefined {
  const parsed = DOUBTFUL.test(given) ? undefined : parse(given)
  if (parsed === undefined) return undefined
  const { text, events, padded } = parsed
  if (events.length === 0) return null
  if (events.some(({ type }, index) => index > 0 && type === EVENT_ID.DOCUMENT)) return undefined
  const building: Building = { text, events, next: 1, end: 0, isDoubtful: false }
  const root = buildNext(building, HERE)
  if (root === undefined || building.isDoubtful) return undefined
  return padded.length === 0 ? root : moveBack(root, padded)
}

/** `padded` are the lines that were indented, by their offsets in `text`. */
type Parsed = { readonly text: string; readonly events: readonly Event[]; readonly padded: readonly number[] }

const PADDING = ' '.repeat(1000)
/** Each costs the whole text once more: 50 of a file of 10 KiB, 2 of the largest. */
const MAX_PADDED = 50
const MAX_READ_AGAIN = 1 << 19
/** What means something at the margin that it does not mean elsewhere, or that the parser takes for a part of the text before it. */
const MARKER = /^(?:---|\.\.\.|\?)/

/**
 * Lines within brackets and quotes need not be indented deeper than their key in Digdag; the parser wants them to be. There spaces mean nothing, so that
 * line after line can be given some until it is content.
 */
function parse(given: string): Parsed | undefined {
  const padded: number[] = []
  let text = given
  while (padded.length <= MAX_PADDED && padded.length * given.length <= MAX_READ_AGAIN) {
    const parsed = listEvents(text)
    if ('events' in parsed) return { text, events: parsed.events, padded }
    const line = text.lastIndexOf('\n', parsed.offset - 1) + 1
    const isMarker = MARKER.test(text.slice(line, line + 3))
    if (!parsed.isIndentation || isMarker || line <= (padded.at(-1) ?? 0)) return undefined
    text = `${text.slice(0, line)}${PADDING}${text.slice(line)}`
    padded.push(line)
  }
  return undefined
}

type Declined = { readonly offset: number; readonly isIndentation: boolean }

function listEvents(text: string): { readonly events: readonly Event[] } | Declined {
  try {
    return { events: parseEvents(text, { maxDepth: MAX_DEPTH }) }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    return { offset: error.mark?.position ?? 0, isIndentation: error.reason === 'deficient indentation' }
  }
}

type Building = {
  readonly text: string
  readonly events: readonly Event[]
  /** Which event is next. */
  next: number
  /** The offset at which the last one ended. */
  end: number
  /** Whether something stands there that the parser lets pass. */
  isDoubtful: boolean
}

/** Undefined where a list, a mapping or the document ends. `before`: what may stand before a node of nothing. */
function buildNext(building: Building, before: RegExp): Node | undefined {
  const event = building.events[building.next++]
  if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return undefined
  const start = startOf(building, event, before)
  building.end = endOf(event, start)
  return event.type === EVENT_ID.ALIAS
    ? { kind: 'alias', start, name: building.text.slice(event.anchorStart, event.anchorEnd) }
    : buildValue(building, event, start)
}

type ValueEvent = ScalarEvent | SequenceEvent | MappingEvent

function buildValue(building: Building, event: ValueEvent, start: number): Node {
  const { text, end } = building
  if (isGlued(text, event.anchorEnd) || isGlued(text, event.tagEnd)) building.isDoubtful = true
  const [anchor, tag] = [anchorOf(building, event), tagOf(building, event)]
  if (event.type === EVENT_ID.SCALAR)
    return { kind: 'scalar', start, anchor, tag, text: textOf(text, event), isPlain: event.style === PLAIN, end }
  const node: Node =
    event.type === EVENT_ID.MAPPING
      ? { kind: 'map', start, anchor, tag, pairs: buildPairs(building, event) }
      : { kind: 'list', start, anchor, tag, items: buildItems(building) }
  if (isBracketed(text, start)) building.end = skip(TO_BRACKET, text, building.end)
  return node
}

/** Not so a mapping of one pair in a list: `[a: b]`. */
const isBracketed = (text: string, start: number): boolean => text[start] === '[' || text[start] === '{'

/** The parser takes `&x[1]` and `!{}`, without a space. */
function isGlued(text: string, end: number): boolean {
  return end >= 0 && /[^\s,\]}]/.test(text.charAt(end))
}

function buildItems(building: Building): readonly Node[] {
  const items: Node[] = []
  for (let item = buildNext(building, TO_DASH); item !== undefined; item = buildNext(building, TO_DASH))
    items.push(item)
  return items
}

function buildPairs(building: Building, event: MappingEvent): readonly Pair[] {
  const { text } = building
  const isOdd = event.style === COLLECTION_STYLE.FLOW ? isKeyOverLines : isSecondOfLine
  const pairs: Pair[] = []
  for (let key = buildNext(building, TO_KEY); key !== undefined; key = buildNext(building, TO_KEY)) {
    const { end } = building
    const value = buildNext(building, TO_VALUE)
    if (value === undefined) continue
    pairs.push({ key, value })
    if (end - key.start > MAX_KEY || isOdd(text, { key, value }, end)) building.isDoubtful = true
  }
  if (isOfFirstKey(text, event, pairs)) building.isDoubtful = true
  return pairs
}

/** A tag or an anchor on the line of the first key is the key's, which the parser does not see of `!!str &x a: b`. */
function isOfFirstKey(text: string, { style, anchorEnd, tagEnd }: MappingEvent, [first]: readonly Pair[]): boolean {
  const end = Math.max(anchorEnd, tagEnd)
  return end >= 0 && style === COLLECTION_STYLE.BLOCK && !text.slice(end, first?.key.start).includes('\n')
}

/** Before the colon of an entry `{a\n: b}`. `end`: of the key. */
function isKeyOverLines(text: string, { key }: Pair, end: number): boolean {
  const next = skip(TO_TEXT, text, end)
  return text[next] === ':' && text.slice(key.start, next).includes('\n')
}

/** A mapping that begins behind its key: `a: &x b: c`. */
function isSecondOfLine(text: string, { value }: Pair, end: number): boolean {
  if (value.kind !== 'map' || text[value.start] === '{') return false
  const [first] = value.pairs
  return !text.slice(end, first?.key.start).includes('\n')
}

function anchorOf({ text }: Building, { anchorStart, anchorEnd }: ValueEvent | AliasEvent): string | undefined {
  return anchorStart < 0 ? undefined : text.slice(anchorStart, anchorEnd)
}

function tagOf({ text }: Building, { tagStart, tagEnd }: ValueEvent): Tag | undefined {
  const written = tagStart < 0 ? '!' : text.slice(tagStart, tagEnd)
  return written === '!' ? undefined : { name: unfoldTag(written), written, start: tagStart }
}

function unfoldTag(written: string): string {
  return written.startsWith('!<') ? written.slice(2, -1) : written.replace(/^!!/, STANDARD)
}

const { DOUBLE_QUOTED, FOLDED_BLOCK, LITERAL_BLOCK, PLAIN, SINGLE_QUOTED } = SCALAR_STYLE
const isQuoted = ({ style }: ScalarEvent) => style === SINGLE_QUOTED || style === DOUBLE_QUOTED
const isBlock = ({ style }: ScalarEvent) => style === LITERAL_BLOCK || style === FOLDED_BLOCK

function startOf({ text, end }: Building, event: ValueEvent | AliasEvent, before: RegExp): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1
  if (event.type !== EVENT_ID.SCALAR) return event.start
  const from = Math.max(end, event.anchorEnd, event.tagEnd)
  if (event.valueStart < 0) return from > end ? from : skip(before, text, from)
  if (isBlock(event)) return skip(TO_BLOCK, text, from)
  return isQuoted(event) ? event.valueStart - 1 : event.valueStart
}

// A comment ends with its line, and nowhere else: a pattern that could end it earlier tries all the ways there are before it gives up.
const HERE = /(?:)/y
const TO_TEXT = /(?:\s|#[^\n]*(?:\n|$))*/y
const TO_KEY = /(?:[\s,]|#[^\n]*(?:\n|$))*/y
const TO_VALUE = /(?:\s|#[^\n]*(?:\n|$))*:/y
const TO_DASH = /(?:\s|#[^\n]*(?:\n|$))*-/y
const TO_BLOCK = /(?:[\s?:-]|#[^\n]*(?:\n|$))*/y
const TO_BRACKET = /(?:[\s,?:]|#[^\n]*(?:\n|$))*[\]}]/y

/** Where the text goes on after what the pattern matches at `from`; there, when it matches nothing. */
function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

/** Of a list or a mapping, the end of what opens it. */
function endOf(event: ValueEvent | AliasEvent, start: number): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorEnd
  if (event.type !== EVENT_ID.SCALAR) return event.style === COLLECTION_STYLE.FLOW ? start + 1 : start
  if (event.valueStart < 0) return start
  return isQuoted(event) ? event.valueEnd + 1 : event.valueEnd
}

/** A block at the end of a file has no end of line that the file does not have (as in Digdag). */
function textOf(text: string, event: ScalarEvent): string {
  const value = getScalarValue(text, event)
  if (!isBlock(event) || event.valueEnd < text.length || text.endsWith('\n')) return value
  const isOpen = text.length - text.lastIndexOf('\n') - 1 > event.indent || event.chomping === CHOMPING_MODE.KEEP
  return isOpen ? value.replace(/\n$/, '') : value
}

/** To where everything stands in the text that was given. */
function moveBack(node: Node, padded: readonly number[]): Node {
  const back = (offset: number) => offset - padded.filter((line) => line < offset).length * PADDING.length
  const start = back(node.start)
  if (node.kind === 'alias') return { ...node, start }
  const tag = node.tag && { ...node.tag, start: back(node.tag.start) }
  if (node.kind === 'scalar') return { ...node, start, tag, end: back(node.end) }
  if (node.kind === 'list') return { ...node, start, tag, items: node.items.map((item) => moveBack(item, padded)) }
  const pairs = node.pairs.map(({ key, value }) => ({ key: moveBack(key, padded), value: moveBack(value, padded) }))
  return { ...node, start, tag, pairs }
}
