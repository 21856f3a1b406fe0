import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
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
import type { Wrong } from './problem.ts'
import { findTextFault, scalarValue } from './scalar.ts'
import { sayYaml, type Yaml } from './yaml.ts'
import { OMAP, PAIRS, SET } from './yaml-types.ts'

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
export function readNode(reading: Reading, node: ParsedNode | null): Located | null {
  const position = reading.yaml.at(node?.range[0] ?? 0)
  if (node === null) return { kind: 'scalar', value: null, position, range: [0, 0], bytes: 4 }
  if (isAlias(node)) return readAlias(reading, node.source, position)
  const { anchor } = node
  if (anchor !== undefined) reading.anchors.set(anchor, 'being read')
  const read = readContent(reading, node, position)
  if (anchor !== undefined) reading.anchors.set(anchor, read ?? 'refused')
  return read
}

function readContent(reading: Reading, node: ParsedNode, position: Position): Located | null {
  if (isMap(node)) return node.tag === SET ? readSet(reading, node, position) : readMap(reading, node, position)
  if (isSeq(node)) return readSeq(reading, node, position)
  return isScalar(node) ? readScalar(reading, node, position) : null
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

function readScalar(reading: Reading, node: Scalar.Parsed, position: Position): LocatedScalar | null {
  if (node.tag === '!include') {
    reading.refuse(position, INCLUDE_AS_VALUE)
    return null
  }
  const value = scalarValue(node.value)
  if (value === undefined) {
    refuseYaml(
      reading,
      position,
      `A value of the type ${node.tag ?? 'unknown'} means nothing here`,
      'Put it in quotes.',
    )
    return null
  }
  const fault = typeof value === 'string' ? findTextFault(value) : undefined
  if (fault !== undefined) {
    reading.refuse(position, fault)
    return null
  }
  const range = [node.range[0], node.range[1]] as const
  return {
    kind: 'scalar',
    value: atEnd(reading.yaml, node, value),
    position,
    range,
    bytes: String(value).length + 2,
  }
}

/** A block at the end of a file has no end of line that the file does not have (as in Digdag). */
function atEnd({ text }: Yaml, { type, range }: Scalar.Parsed, value: LocatedScalar['value']): LocatedScalar['value'] {
  const isOpen = type?.startsWith('BLOCK_') === true && range[1] >= text.length && !text.endsWith('\n')
  return isOpen && typeof value === 'string' ? value.replace(/\n$/, '') : value
}

function readSeq(reading: Reading, node: YAMLSeq.Parsed, position: Position): Located {
  const items = node.items.flatMap((item) => readNode(reading, item) ?? [])
  if (node.tag === OMAP) return mapOf(items, position)
  return listOf(node.tag === PAIRS ? items.flatMap(pairsOf) : items, position)
}

function listOf(items: readonly Located[], position: Position): LocatedList {
  return { kind: 'list', items, position, bytes: items.reduce((total, item) => total + item.bytes + 1, 2) }
}

/** `!!omap` is a list of mappings that together are one. */
function mapOf(items: readonly Located[], position: Position): LocatedMap {
  const entries = new Map(items.flatMap((item) => (item.kind === 'map' ? [...item.entries] : [])))
  return { kind: 'map', entries, position, bytes: sizeOf(entries) }
}

/** `!!pairs` is a list of lists, each of a key and its value. */
function pairsOf(item: Located): readonly Located[] {
  if (item.kind !== 'map') return [item]
  return [...item.entries].map(([name, { key, value }]) => listOf([keyText(name, key), value], key))
}

function keyText(name: string, position: Position): LocatedScalar {
  return { kind: 'scalar', value: name, position, range: [0, 0], bytes: name.length + 2 }
}

/** `!!set` is a list of its keys (as in Digdag). */
function readSet(reading: Reading, node: YAMLMap.Parsed, position: Position): LocatedList {
  const { entries } = readMap(reading, node, position)
  return listOf(
    [...entries].map(([name, { key }]) => keyText(name, key)),
    position,
  )
}

function readMap(reading: Reading, node: YAMLMap.Parsed, position: Position): LocatedMap {
  let entries = new Map<string, Entry>()
  const keys: Key[] = []
  for (const [index, pair] of node.items.entries()) {
    const isInclude = index === 0 && node.tag === '!include'
    const key = isInclude ? firstInclude(reading, pair.key, position) : readKey(reading, pair.key, position)
    if (key?.kind === 'include') entries = mergeEntries(entries, include(reading, pair.value, key.position))
    else if (key?.kind === 'merge') addMissing(entries, keys, mergeSources(reading, pair.value, key.position))
    else if (key !== undefined) addEntry(reading, entries, key, pair.value)
    if (key !== undefined && key.kind !== 'include') keys.push(key)
  }
  refuseDuplicates(reading, keys)
  return { kind: 'map', entries, position, bytes: sizeOf(entries) }
}

/** `name` is what the key means, `text` how it is written: 010 means 8. */
type Key = {
  readonly kind: 'plain' | 'include' | 'merge'
  readonly name: string
  readonly text: string
  readonly position: Position
}

function readKey(reading: Reading, node: ParsedNode | null, whole: Position): Key | undefined {
  const position = node === null ? whole : reading.yaml.at(node.range[0])
  if (isScalar(node) && node.tag === '!include') return { ...INCLUDE, position }
  const read = node === null ? null : readNode(reading, node)
  if (node !== null && read === null) return undefined
  if (read?.kind === 'scalar' && read.value !== null) {
    const name = String(read.value)
    const isMerge = name === '<<' && isScalar(node) && node.type === 'PLAIN'
    return { kind: isMerge ? 'merge' : 'plain', name, text: isScalar(node) ? (node.source ?? name) : name, position }
  }
  reading.refuse(position, read === null || read.kind === 'scalar' ? EMPTY_KEY : NO_TEXT)
  return undefined
}

const INCLUDE = { kind: 'include', name: '!include', text: '!include' } as const

/** Digdag's message is one of a library, and comes at once. */
const EMPTY_KEY: Wrong = {
  message: 'A key is empty (null)',
  hint: 'Write a word before the colon.',
  digdag: { phase: 'at once', message: 'Null key for a Map not allowed in JSON' },
}
const NO_TEXT: Wrong = { message: 'A key is no text', hint: 'Write keys as words; put odd ones in quotes.' }

/** The tag of the whole mapping stands before its first key, which must be empty to be an include. */
function firstInclude({ refuse }: Reading, node: ParsedNode | null, position: Position): Key | undefined {
  if (node === null || (isScalar(node) && node.value === null && node.range[0] === node.range[1]))
    return { ...INCLUDE, position }
  refuse(position, INCLUDE_AS_VALUE)
  return undefined
}

/** Digdag looks for a file that is named by an id of its own. */
const INCLUDE_AS_VALUE: Wrong = {
  message: '!include stands where a value is',
  hint: "Write it as a key: `!include : 'file.yml'`, with a space before the colon.",
  digdag: { phase: 'missing file', message: '!include:00000000-0000-0000-0000-000000000000' },
}

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

function addEntry(reading: Reading, entries: Map<string, Entry>, key: Key, value: ParsedNode | null): void {
  const read = readNode(reading, value)
  if (read !== null)
    entries.set(key.name, { key: key.position, value: value === null ? { ...read, position: key.position } : read })
}

/** Keys of the mapping itself, before and after `<<`, win; of several merged mappings the first does. */
function addMissing(entries: Map<string, Entry>, own: readonly Key[], sources: readonly LocatedMap[]): void {
  const names = new Set(own.map(({ name }) => name))
  for (const source of sources)
    for (const [name, entry] of source.entries) if (!entries.has(name) && !names.has(name)) entries.set(name, entry)
}

function mergeSources(reading: Reading, node: ParsedNode | null, position: Position): readonly LocatedMap[] {
  const read = readNode(reading, node)
  if (read === null) return []
  const sources = read.kind === 'list' ? read.items : [read]
  const maps = sources.filter((source) => source.kind === 'map')
  if (maps.length < sources.length) refuseYaml(reading, position, '<< merges mappings, and this is none', MERGE_HINT)
  return maps
}

const MERGE_HINT = 'Give it an alias of a mapping, or a list of such: <<: *base.'

/** Problems stand at the path: that is what is wrong, or leads there. */
function include(reading: Reading, value: ParsedNode | null, key: Position): ReadonlyMap<string, Entry> {
  const position = value === null ? key : reading.yaml.at(value.range[0])
  return reading.include(isScalar(value) ? value.value : undefined, position)
}
