import {
  type Entry,
  type Located,
  type LocatedList,
  type LocatedMap,
  type LocatedScalar,
  mergeEntries,
  type Position,
  sizeOf,
} from './located.ts'
import type { ListNode, MapNode, Node, ScalarNode, Tag } from './node.ts'
import type { Wrong } from './problem.ts'
import { quote } from './quote.ts'
import { findTextFault } from './text-fault.ts'
import { sayYaml, type Yaml } from './yaml.ts'
import { INCLUDE, KNOWN_TAGS, MAP, OMAP, PAIRS, readPlain, SCALAR_TYPES, SEQ, SET } from './yaml-types.ts'

/** One file being turned from nodes of YAML into located values. */
export type Reading = {
  readonly yaml: Yaml
  readonly anchors: Map<string, Located | 'being read' | 'refused'>
  readonly refuse: (position: Position, wrong: Wrong) => void
  /** Takes from what all files together may unfold to. False, with a problem, when nothing is left. */
  readonly spend: (bytes: number, position: Position) => boolean
  /** What `!include` brings: the entries of another file's mapping, none after a problem. */
  readonly include: (name: unknown, position: Position) => ReadonlyMap<string, Entry>
}

/** Null after a problem. */
export function readNode(reading: Reading, node: Node): Located | null {
  if (node.kind === 'alias') return readAlias(reading, node.name, reading.yaml.at(node.start))
  const { anchor } = node
  if (anchor !== undefined) reading.anchors.set(anchor, 'being read')
  const read = readContent(reading, node)
  // A node within may have had the same anchor: the later one counts.
  if (anchor !== undefined && reading.anchors.get(anchor) === 'being read')
    reading.anchors.set(anchor, read ?? 'refused')
  return read
}

function readContent(reading: Reading, node: ScalarNode | ListNode | MapNode): Located | null {
  if (node.kind === 'scalar') return readScalar(reading, node)
  if (node.kind === 'map') return convert(reading, node.tag, readMap(reading, node), MAP_TYPES)
  return convert(reading, node.tag, readList(reading, node), LIST_TYPES)
}

function readAlias(reading: Reading, name: string, position: Position): Located | null {
  const target = reading.anchors.get(name)
  if (target === undefined) refuseYaml(reading, position, `There is no anchor &${name} above`, UNDEFINED)
  if (target === 'being read')
    refuseYaml(reading, position, `The alias *${name} contains itself`, 'Write the value out.')
  return typeof target === 'object' && reading.spend(target.bytes, position) ? target : null
}

const UNDEFINED = 'Define it first, or put the text in quotes if it is none.'

/** For what Digdag's parser refuses in words of its own. */
function refuseYaml({ refuse }: Reading, position: Position, message: string, hint: string): void {
  refuse(position, { message, hint, digdag: sayYaml(message, position) })
}

function refuseTag(reading: Reading, { name, written, start }: Tag): null {
  const position = reading.yaml.at(start)
  if (name === INCLUDE) reading.refuse(position, INCLUDE_AS_VALUE)
  else refuseYaml(reading, position, `The YAML tag ${written} means nothing here`, KNOWN_TAGS)
  return null
}

/** Digdag looks for a file that is named by an id of its own. */
const INCLUDE_AS_VALUE: Wrong = {
  message: '!include stands where a value is',
  hint: "Write it as a key: `!include : 'file.yml'`, with a space before the colon.",
  digdag: { phase: 'missing file', message: '!include:00000000-0000-0000-0000-000000000000' },
}

function readScalar(reading: Reading, node: ScalarNode): LocatedScalar | null {
  const position = reading.yaml.at(node.start)
  const value = readText(reading, node)
  const fault = typeof value === 'string' ? findTextFault(value) : undefined
  if (fault !== undefined) reading.refuse(position, fault)
  if (fault !== undefined || value === undefined) return null
  return { kind: 'scalar', value, position, range: [node.start, node.end], bytes: String(value).length + 2 }
}

/** Undefined after a problem. */
function readText(reading: Reading, { text, tag, isPlain }: ScalarNode): LocatedScalar['value'] | undefined {
  if (tag === undefined) return isPlain ? readPlain(text) : text
  const type = SCALAR_TYPES.get(tag.name)
  const value = type?.read(text)
  if (type === undefined) refuseTag(reading, tag)
  else if (value === undefined)
    refuseYaml(reading, reading.yaml.at(tag.start), `${tag.written}: ${quote(text)} is ${type.fault}`, KNOWN_TAGS)
  return value
}

function readList(reading: Reading, { items, start }: ListNode): LocatedList {
  return listOf(
    items.flatMap((item) => readNode(reading, item) ?? []),
    reading.yaml.at(start),
  )
}

function listOf(items: readonly Located[], position: Position): LocatedList {
  return { kind: 'list', items, position, bytes: items.reduce((total, item) => total + item.bytes + 1, 2) }
}

/** Undefined for what cannot be of the type. */
type Types<Read> = ReadonlyMap<string, (read: Read) => Located | undefined>

function convert<Read extends Located>(
  reading: Reading,
  tag: Tag | undefined,
  read: Read,
  types: Types<Read>,
): Located | null {
  return tag === undefined ? read : (types.get(tag.name)?.(read) ?? refuseTag(reading, tag))
}

const MAP_TYPES: Types<LocatedMap> = new Map<string, (map: LocatedMap) => Located>([
  [MAP, (map) => map],
  [SET, setOf],
])
const LIST_TYPES: Types<LocatedList> = new Map<string, (list: LocatedList) => Located | undefined>([
  [SEQ, (list) => list],
  [OMAP, omapOf],
  [PAIRS, pairsOf],
])

/** A list of its keys (as in Digdag). */
function setOf({ entries, position }: LocatedMap): LocatedList {
  const names = [...entries].map(([name, { key }]) => keyText(name, key))
  return listOf(names, position)
}

/** A list of mappings of one key each, that together are one. */
function omapOf(list: LocatedList): LocatedMap | undefined {
  const pairs = listPairs(list)
  if (pairs === undefined) return undefined
  const entries = new Map(pairs)
  return { kind: 'map', entries, position: list.position, bytes: sizeOf(entries) }
}

/** The same, but as a list of lists, each of a key and its value. */
function pairsOf(list: LocatedList): LocatedList | undefined {
  const pairs = listPairs(list)?.map(([name, { key, value }]) => listOf([keyText(name, key), value], key))
  return pairs && listOf(pairs, list.position)
}

function listPairs({ items }: LocatedList): readonly [string, Entry][] | undefined {
  const isPair = (item: Located) => item.kind === 'map' && item.entries.size === 1
  return items.every(isPair) ? items.flatMap((item) => (item.kind === 'map' ? [...item.entries] : [])) : undefined
}

function keyText(name: string, position: Position): LocatedScalar {
  return { kind: 'scalar', value: name, position, range: [0, 0], bytes: name.length + 2 }
}

function readMap(reading: Reading, node: MapNode): LocatedMap {
  const members: Members = { keys: [], entries: new Map() }
  for (const pair of node.pairs) {
    const key = readKey(reading, pair.key)
    const value = readNode(reading, pair.value)
    if (key !== undefined) addMember(reading, members, key, value)
  }
  refuseDuplicates(reading, members.keys)
  const { entries } = members
  return { kind: 'map', entries, position: reading.yaml.at(node.start), bytes: sizeOf(entries) }
}

type Members = { readonly keys: Key[]; entries: Map<string, Entry> }

/** `name` is what the key means, `text` how it is written: 010 means 8. */
type Key = {
  readonly kind: 'plain' | 'include' | 'merge'
  readonly name: string
  readonly text: string
  readonly position: Position
}

function readKey(reading: Reading, node: Node): Key | undefined {
  if (node.kind === 'scalar' && node.tag?.name === INCLUDE) return includeKey(reading, node.tag)
  const position = reading.yaml.at(node.start)
  const read = readNode(reading, node)
  if (read === null) return undefined
  if (read.kind === 'scalar' && read.value !== null) return keyOf(node, String(read.value), position)
  reading.refuse(position, read.kind === 'scalar' ? EMPTY_KEY : NO_TEXT)
  return undefined
}

function keyOf(node: Node, name: string, position: Position): Key {
  if (node.kind !== 'scalar') return { kind: 'plain', name, text: name, position }
  const isMerge = name === '<<' && node.isPlain && node.tag === undefined
  return { kind: isMerge ? 'merge' : 'plain', name, text: node.text, position }
}

/** Whatever stands between the tag and the colon means nothing (as in Digdag). */
function includeKey({ yaml }: Reading, { start }: Tag): Key {
  return { kind: 'include', name: INCLUDE, text: INCLUDE, position: yaml.at(start) }
}

/** Digdag's message is one of a library, and comes at once. */
const EMPTY_KEY: Wrong = {
  message: 'A key is empty (null)',
  hint: 'Write a word before the colon.',
  digdag: { phase: 'at once', message: 'Null key for a Map not allowed in JSON' },
}
const NO_TEXT: Wrong = { message: 'A key is no text', hint: 'Write keys as words; put odd ones in quotes.' }

/** Keys are the same when they are written alike: 8 and 010 are not, though the later one counts (as in Digdag). */
function refuseDuplicates({ refuse }: Reading, keys: readonly Key[]): void {
  const seen = new Set<string>()
  const repeated = new Map<string, Position>()
  for (const { text, position } of keys) {
    if (seen.has(text)) repeated.set(text, position)
    seen.add(text)
  }
  const digdag = { phase: 'yaml', message: `Duplicated keys: [${[...repeated.keys()].join(', ')}]` } as const
  for (const [text, position] of repeated) {
    const message = `Duplicated keys: [${text}]: a mapping has each key once`
    refuse(position, { message, hint: 'Rename one of them.', digdag })
  }
}

function addMember(reading: Reading, members: Members, key: Key, value: Located | null): void {
  const { keys, entries } = members
  if (key.kind === 'include' && value !== null)
    members.entries = mergeEntries(
      entries,
      reading.include(value.kind === 'scalar' ? value.value : undefined, value.position),
    )
  if (key.kind === 'merge' && value !== null) addMissing(entries, keys, mergeSources(reading, value, key.position))
  if (key.kind === 'plain' && value !== null) entries.set(key.name, { key: key.position, value })
  if (key.kind !== 'include') keys.push(key)
}

/** Keys of the mapping itself, before and after `<<`, win; of several merged mappings the first does. */
function addMissing(entries: Map<string, Entry>, own: readonly Key[], sources: readonly LocatedMap[]): void {
  const names = new Set(own.map(({ name }) => name))
  for (const source of sources)
    for (const [name, entry] of source.entries) if (!entries.has(name) && !names.has(name)) entries.set(name, entry)
}

function mergeSources(reading: Reading, value: Located, position: Position): readonly LocatedMap[] {
  const sources = value.kind === 'list' ? value.items : [value]
  const maps = sources.filter((source) => source.kind === 'map')
  if (maps.length < sources.length) refuseYaml(reading, position, '<< merges mappings, and this is none', MERGE_HINT)
  return maps
}

const MERGE_HINT = 'Give it an alias of a mapping, or a list of such: <<: *base.'
