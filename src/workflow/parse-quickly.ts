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

/** Where the parser lets things pass: tabs for indentation, markers of documents that are none. Directives are left to the other one. */
const DOUBTFUL = /\t|^(?: +---| *%|\.\.\.)/m

/** Of lists and mappings in each other, and of the value in them. */
const MAX_DEPTH = 101
const MAX_KEY = 1024

/** The root of a text, null where nothing stands. Undefined for what the parser declines, which may be right all the same: ask `parseThoroughly`. */
export function parseQuickly(given: string): Node | null | undefined {
  const parsed = DOUBTFUL.test(given) ? undefined : parse(given)
  if (parsed === undefined) return undefined
  const { text, events, padded } = parsed
  if (events.length === 0) return null
  if (events.some(({ type }, index) => index > 0 && type === EVENT_ID.DOCUMENT)) return undefined
  const building: Building = { text, events, next: 1, end: 0, isDoubtful: false }
  const root = buildNext(building)
  if (root === undefined || building.isDoubtful) return undefined
  return padded.length === 0 ? root : moveBack(root, padded)
}

/** `padded` are the lines that were indented, by their offsets in `text`. */
type Parsed = { readonly text: string; readonly events: readonly Event[]; readonly padded: readonly number[] }

const PADDING = ' '.repeat(1000)
const MAX_PADDED = 50

/**
 * Lines within brackets and quotes need not be indented deeper than their key in Digdag; the parser wants them to be. There spaces mean nothing, so that
 * line after line can be given some until it is content.
 */
function parse(given: string): Parsed | undefined {
  const padded: number[] = []
  let text = given
  while (padded.length <= MAX_PADDED) {
    const parsed = listEvents(text)
    if ('events' in parsed) return { text, events: parsed.events, padded }
    const line = text.lastIndexOf('\n', parsed.offset - 1) + 1
    const isMarker = /^(?:---|\.\.\.)\s/.test(text.slice(line, line + 4))
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

/** Undefined where a list, a mapping or the document ends. */
function buildNext(building: Building): Node | undefined {
  const event = building.events[building.next++]
  if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return undefined
  const start = startOf(building, event)
  building.end = endOf(event, start)
  return event.type === EVENT_ID.ALIAS
    ? { kind: 'alias', start, name: anchorOf(building, event) ?? '' }
    : buildValue(building, event, start)
}

/** `&x[1]` and `!{}` */
function isGlued(text: string, end: number): boolean {
  return end >= 0 && /[^\s,\]}]/.test(text.charAt(end))
}

type ValueEvent = ScalarEvent | SequenceEvent | MappingEvent

function buildValue(building: Building, event: ValueEvent, start: number): Node {
  const { text, end } = building
  if (isGlued(text, event.anchorEnd) || isGlued(text, event.tagEnd)) building.isDoubtful = true
  const [anchor, tag] = [anchorOf(building, event), tagOf(building, event)]
  if (event.type === EVENT_ID.MAPPING) return { kind: 'map', start, anchor, tag, pairs: buildPairs(building, event) }
  if (event.type === EVENT_ID.SEQUENCE) return { kind: 'list', start, anchor, tag, items: buildItems(building) }
  return { kind: 'scalar', start, anchor, tag, text: textOf(text, event), isPlain: event.style === PLAIN, end }
}

function buildItems(building: Building): readonly Node[] {
  const items: Node[] = []
  for (let item = buildNext(building); item !== undefined; item = buildNext(building)) items.push(item)
  return items
}

function buildPairs(building: Building, { style }: MappingEvent): readonly Pair[] {
  const { text } = building
  const isOdd = style === COLLECTION_STYLE.FLOW ? isKeyOverLines : isSecondOfLine
  const pairs: Pair[] = []
  for (let key = buildNext(building); key !== undefined; key = buildNext(building)) {
    const { end } = building
    const value = buildNext(building)
    if (value === undefined) continue
    pairs.push({ key, value })
    if (end - key.start > MAX_KEY || isOdd(text, { key, value }, end)) building.isDoubtful = true
  }
  return pairs
}

/** Before the colon of an entry `{a\n: b}`. `end`: of the key. */
function isKeyOverLines(text: string, { key }: Pair, end: number): boolean {
  const next = skip(BETWEEN, text, end)
  return text[next] === ':' && text.slice(key.start, next).includes('\n')
}

const BETWEEN = /(?:\s|#.*)*/y

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

function startOf({ text, end }: Building, event: ValueEvent | AliasEvent): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1
  if (event.type !== EVENT_ID.SCALAR) return event.start
  const from = Math.max(end, event.anchorEnd, event.tagEnd)
  if (event.valueStart < 0) return from > end ? from : skip(BEFORE_NOTHING, text, from)
  if (isBlock(event)) return skip(BEFORE_BLOCK, text, from)
  return isQuoted(event) ? event.valueStart - 1 : event.valueStart
}

const BEFORE_NOTHING = /\s*[-?:]?/y
const BEFORE_BLOCK = /(?:[\s?:-]|#.*)*/y

/** Where the text goes on after what the pattern matches at `from`. */
function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  pattern.test(text)
  return pattern.lastIndex
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
