import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { insidePath } from './inside-path.ts'
import {
  type Entry,
  type Located,
  type LocatedMap,
  mergeEntries,
  type Position,
  sizeOf,
  withoutMark,
} from './located.ts'
import { findTextFault, scalarValue } from './scalar.ts'
import type { Problem } from './workflow.ts'
import { problemAt, readYaml, type Yaml } from './yaml.ts'

/** What a path of the project holds. `needed`: the caller has to get the text first. */
export type Source =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'needed' }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

export type LoadedFile = {
  /** Null when there are problems, or paths are needed. */
  readonly root: LocatedMap | null
  readonly problems: readonly Problem[]
  readonly needs: readonly string[]
}

/** Aliases and includes may repeat one value without end; unfolded it may be this long as JSON. */
const MAX_UNFOLDED_BYTES = 2 << 20

/** More are of no use to anybody, and a file can be made to have 100,000. */
const MAX_PROBLEMS = 100

type Loading = {
  readonly read: (path: string) => Source
  readonly problems: Problem[]
  readonly needs: string[]
  /** Each file is read once, however often it is included. */
  readonly files: Map<string, LocatedMap | null>
  left: number
}

/** Reads a .dig with all that it includes (as in Digdag). Never throws, and tells all problems at once. */
export function loadFile(path: string, read: (path: string) => Source): LoadedFile {
  const loading: Loading = { read, problems: [], needs: [], files: new Map(), left: MAX_UNFOLDED_BYTES }
  const start = { file: path, line: 1, column: 1 }
  const root = includeFile(loading, path, start, [])
  const isWhole = loading.problems.length === 0 && loading.needs.length === 0
  return { root: isWhole ? root : null, problems: loading.problems, needs: loading.needs }
}

function includeFile(loading: Loading, path: string, from: Position, stack: readonly string[]): LocatedMap | null {
  if (stack.includes(path)) {
    const circle = [...stack.slice(stack.indexOf(path)), path].join(' -> ')
    return addProblem(loading, from, `A file includes itself: ${circle}`, 'Remove one !include of the circle.')
  }
  const known = loading.files.get(path)
  if (known !== undefined) return known
  const root = openFile(loading, path, from, stack)
  loading.files.set(path, root)
  return root
}

function openFile(loading: Loading, path: string, from: Position, stack: readonly string[]): LocatedMap | null {
  const source = loading.read(path)
  if (source.kind === 'missing')
    return addProblem(
      loading,
      from,
      `${path}: there is no such file in the project`,
      'Check the path: it is relative to the file that names it.',
    )
  if (source.kind === 'refused') return addProblem(loading, from, source.message, source.hint)
  if (source.kind === 'needed') {
    loading.needs.push(path)
    return null
  }
  const { yaml, problems } = readYaml(path, withoutMark(source.text))
  loading.problems.push(...problems)
  return problems.length > 0 ? null : readRoot({ loading, yaml, path, stack: [...stack, path], anchors: new Map() })
}

/** One file being turned from nodes of YAML into located values. */
type Reading = {
  readonly loading: Loading
  readonly yaml: Yaml
  readonly path: string
  readonly stack: readonly string[]
  /** Null while the anchored node itself is being read. */
  readonly anchors: Map<string, Located | null>
}

function readRoot(reading: Reading): LocatedMap | null {
  const { root, at } = reading.yaml
  if (root !== null && isMap(root)) {
    const map = readNode(reading, root)
    return map?.kind === 'map' ? map : null
  }
  const got = root === null || (isScalar(root) && root.value === null) ? 'null' : isSeq(root) ? 'a list' : 'a text'
  const position = at(root?.range[0] ?? 0)
  const hint = 'Write keys such as timezone: UTC and +tasks, each on a line.'
  return addProblem(reading.loading, position, `Expected object to load Config but got ${got}`, hint)
}

/** Null after a problem. */
function readNode(reading: Reading, node: ParsedNode | null): Located | null {
  const position = reading.yaml.at(node?.range[0] ?? 0)
  if (reading.loading.left < 0) return null
  if (node === null) return { kind: 'scalar', value: null, position, range: [0, 0], bytes: 4 }
  if (isAlias(node)) return readAlias(reading, node.source, position)
  const anchor = node.anchor
  if (anchor !== undefined) reading.anchors.set(anchor, null)
  const read = readContent(reading, node, position)
  if (anchor !== undefined && read !== null) reading.anchors.set(anchor, read)
  return read
}

function readContent(
  reading: Reading,
  node: Exclude<ParsedNode, { source: string }> | ParsedNode,
  position: Position,
): Located | null {
  if (isMap(node)) return readMap(reading, node, position)
  if (isSeq(node)) return readList(reading, node, position)
  return isScalar(node) ? readScalar(reading, node, position) : null
}

function readAlias({ loading, anchors }: Reading, name: string, position: Position): Located | null {
  const target = anchors.get(name)
  if (target === undefined)
    return addProblem(
      loading,
      position,
      `There is no anchor &${name} above`,
      'Define it first, or put the text in quotes if it is none.',
    )
  if (target === null)
    return addProblem(loading, position, `The alias *${name} contains itself`, 'Write the value out.')
  return spend(loading, target.bytes, position) ? target : null
}

/** False, with one problem, when the document unfolds to more than is allowed. */
function spend(loading: Loading, bytes: number, position: Position): boolean {
  if (loading.left < 0) return false
  loading.left -= bytes
  if (loading.left >= 0) return true
  const message = `Aliases and includes unfold this file to more than ${MAX_UNFOLDED_BYTES >> 20} MiB`
  addProblem(loading, position, message, 'Repeat less: a loop> or a call> says the same in one place.')
  return false
}

function readScalar({ loading }: Reading, node: Scalar.Parsed, position: Position): Located | null {
  const range = [node.range[0], node.range[1]] as const
  if (node.tag === '!include') return addProblem(loading, position, INCLUDE_AS_VALUE.message, INCLUDE_AS_VALUE.hint)
  const value = scalarValue(node.value)
  const fault = typeof value === 'string' ? findTextFault(value) : undefined
  if (fault !== undefined) return addProblem(loading, position, fault.message, fault.hint)
  if (value === undefined)
    return addProblem(
      loading,
      position,
      `A value of the type ${node.tag ?? 'unknown'} means nothing here`,
      'Put it in quotes.',
    )
  return { kind: 'scalar', value, position, range, bytes: String(value).length + 2 }
}

function readList(reading: Reading, node: YAMLSeq.Parsed, position: Position): Located | null {
  const items: Located[] = []
  for (const item of node.items) {
    const read = readNode(reading, isPairLike(item) ? null : item)
    if (read !== null) items.push(read)
  }
  const bytes = items.reduce((total, item) => total + item.bytes + 1, 2)
  return { kind: 'list', items, position, bytes }
}

/** `!!omap` and `!!pairs` hold pairs where lists hold values. */
function isPairLike(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'key' in item
}

function readMap(reading: Reading, node: YAMLMap.Parsed, position: Position): Located {
  let entries = new Map<string, Entry>()
  const own = new Set<string>()
  for (const [index, pair] of node.items.entries()) {
    const key =
      index === 0 && node.tag === '!include'
        ? firstInclude(reading, pair.key, position)
        : readKey(reading, pair.key, position)
    if (key?.kind === 'include') entries = mergeEntries(entries, include(reading, pair.value, key.position))
    else if (key?.kind === 'merge') addMissing(entries, own, mergeSources(reading, pair.value, key.position))
    else if (key !== undefined) addEntry(reading, entries, key, pair.value)
    if (key !== undefined && key.kind !== 'include') claimKey(reading, own, key)
  }
  return { kind: 'map', entries, position, bytes: sizeOf(entries) }
}

type Key = { readonly kind: 'plain' | 'include' | 'merge'; readonly name: string; readonly position: Position }

function readKey({ loading, yaml }: Reading, node: ParsedNode | null, whole: Position): Key | undefined {
  const position = node === null ? whole : yaml.at(node.range[0])
  const refuse = (message: string, hint: string) => {
    addProblem(loading, position, message, hint)
    return undefined
  }
  if (node === null || !isScalar(node))
    return refuse('A key is no text', 'Write keys as words; put odd ones in quotes.')
  if (node.tag === '!include') return { kind: 'include', name: '!include', position }
  if (node.value === null) return refuse('A key is empty (null)', 'Write a word before the colon.')
  const name = String(scalarValue(node.value))
  const fault = findTextFault(name)
  if (fault !== undefined) return refuse(fault.message, fault.hint)
  return { kind: name === '<<' && node.type === 'PLAIN' ? 'merge' : 'plain', name, position }
}

/** The tag of the whole mapping stands before its first key, which must be empty to be an include. */
function firstInclude({ loading }: Reading, node: ParsedNode | null, position: Position): Key | undefined {
  if (node === null || (isScalar(node) && node.value === null && node.range[0] === node.range[1]))
    return { kind: 'include', name: '!include', position }
  addProblem(loading, position, INCLUDE_AS_VALUE.message, INCLUDE_AS_VALUE.hint)
  return undefined
}

const INCLUDE_AS_VALUE = {
  message: '!include stands where a value is',
  hint: "Write it as a key: `!include : 'file.yml'`, with a space before the colon.",
}

function claimKey({ loading }: Reading, own: Set<string>, { name, position }: Key): void {
  if (own.has(name))
    addProblem(loading, position, `Duplicated keys: [${name}]: a mapping has each key once`, 'Rename one of them.')
  own.add(name)
}

function addEntry(reading: Reading, entries: Map<string, Entry>, key: Key, value: ParsedNode | null): void {
  const read = readNode(reading, value)
  if (read !== null)
    entries.set(key.name, { key: key.position, value: value === null ? { ...read, position: key.position } : read })
}

/** Keys of the mapping itself, before and after `<<`, win; of several merged mappings the first does. */
function addMissing(entries: Map<string, Entry>, own: ReadonlySet<string>, sources: readonly LocatedMap[]): void {
  for (const source of sources)
    for (const [key, entry] of source.entries) if (!own.has(key) && !entries.has(key)) entries.set(key, entry)
}

function mergeSources(reading: Reading, node: ParsedNode | null, position: Position): readonly LocatedMap[] {
  const read = readNode(reading, node)
  if (read === null) return []
  const sources = read.kind === 'list' ? read.items : [read]
  const maps = sources.filter((source) => source.kind === 'map')
  if (maps.length < sources.length)
    addProblem(
      reading.loading,
      position,
      '<< merges mappings, and this is none',
      'Give it an alias of a mapping, or a list of such: <<: *base.',
    )
  return maps
}

/** Problems stand at the path: that is what is wrong, or leads there. */
function include(reading: Reading, value: ParsedNode | null, key: Position): ReadonlyMap<string, Entry> {
  const position = value === null ? key : reading.yaml.at(value.range[0])
  const nothing = new Map<string, Entry>()
  const name = value !== null && isScalar(value) ? scalarValue(value.value) : undefined
  if (typeof name !== 'string') {
    addProblem(reading.loading, position, '!include needs the path of a file', "Write `!include : 'file.yml'`.")
    return nothing
  }
  const path = resolvePath(reading.path, name)
  if (path === undefined) {
    const message = `File name must not lead outside: ${name}: an included file lies beside or below the file that includes it`
    addProblem(
      reading.loading,
      position,
      message,
      'Copy the file into the project, or include it from a file further up.',
    )
    return nothing
  }
  const root = includeFile(reading.loading, path, position, reading.stack)
  return root !== null && spend(reading.loading, root.bytes, position) ? root.entries : nothing
}

/** Relative to the folder of `from`, and never out of it; undefined when it would be. */
function resolvePath(from: string, name: string): string | undefined {
  const inside = insidePath(name)
  if (inside === undefined || inside === '') return undefined
  const folder = from.split('/').slice(0, -1)
  return [...folder, inside].join('/')
}

function addProblem(loading: Loading, position: Position, message: string, hint: string): null {
  if (loading.problems.length < MAX_PROBLEMS) loading.problems.push(problemAt(position, { message, hint }))
  return null
}
