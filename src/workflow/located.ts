import type { ExactNumber, Json, JsonObject } from '../brand.ts'

/** Where something stands in a file; lines and columns count from 1. */
export type Position = { readonly file: string; readonly line: number; readonly column: number }

/** YAML with the place of everything, also through `!include`. `bytes` is about how long it is, unfolded, as JSON. */
export type Located = LocatedScalar | LocatedList | LocatedMap
export type LocatedScalar = Whereabouts & {
  readonly kind: 'scalar'
  readonly value: null | boolean | number | ExactNumber | string
  /** Offsets in the file's text. */
  readonly range: readonly [start: number, end: number]
}
export type LocatedList = Whereabouts & { readonly kind: 'list'; readonly items: readonly Located[] }
export type LocatedMap = Whereabouts & { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Entry> }
export type Entry = { readonly key: Position; readonly value: Located }
type Whereabouts = { readonly position: Position; readonly bytes: number }

/** The value alone. What aliases repeat is made anew: how long that may become is limited where files are loaded. */
export function plain(node: Located): Json {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plain)
  return plainMap(node)
}

export function plainMap({ entries }: LocatedMap): JsonObject {
  const pairs: [string, Json][] = []
  for (const [key, { value }] of entries) pairs.push([key, plain(value)])
  return Object.fromEntries(pairs)
}

/** The entry at a path of keys. In a list of mappings, which is one mapping to the language, the last that has the key counts. */
export function findEntry(node: Located, path: readonly string[]): Entry | undefined {
  const [head, ...tail] = path
  if (head === undefined) return undefined
  const entry = findKey(node, head)
  return entry === undefined || tail.length === 0 ? entry : (findEntry(entry.value, tail) ?? entry)
}

function findKey(node: Located, key: string): Entry | undefined {
  if (node.kind === 'map') return node.entries.get(key)
  if (node.kind === 'scalar') return undefined
  return node.items.map((item) => findKey(item, key)).findLast((entry) => entry !== undefined)
}

/** Deep where both are mappings, else the upper one; a key keeps its place. */
export function mergeEntries(below: ReadonlyMap<string, Entry>, above: ReadonlyMap<string, Entry>): Map<string, Entry> {
  const merged = new Map(below)
  for (const [key, entry] of above) merged.set(key, mergeEntry(merged.get(key), entry))
  return merged
}

function mergeEntry(below: Entry | undefined, above: Entry): Entry {
  if (below?.value.kind !== 'map' || above.value.kind !== 'map') return above
  const entries = mergeEntries(below.value.entries, above.value.entries)
  return { key: above.key, value: { ...above.value, entries, bytes: sizeOf(entries) } }
}

export function sizeOf(entries: ReadonlyMap<string, Entry>): number {
  let bytes = 2
  for (const [key, entry] of entries) bytes += key.length + 4 + entry.value.bytes
  return bytes
}

/** Line and column of an offset. `\r\n` counts as one end of line because `\n` is. */
export function positionAt(file: string, text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { file, line, column: offset - (before.lastIndexOf('\n') + 1) + 1 }
}

/** A byte order mark is no part of the text: columns count after it. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text
}
