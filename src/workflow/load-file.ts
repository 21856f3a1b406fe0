import { printJson } from '../json.ts'
import { isNumber } from './coerce.ts'
import { insidePath } from './inside-path.ts'
import { type Entry, type LocatedMap, type Position, plain, withoutMark } from './located.ts'
import { ENOUGH_PROBLEMS, problemAt, type Wrong } from './problem.ts'
import { type Reading, readNode } from './read-node.ts'
import type { Problem } from './workflow.ts'
import { readYaml, sayYaml } from './yaml.ts'

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

type Loaded = LocatedMap | null

function includeFile(loading: Loading, path: string, from: Position, stack: readonly string[]): Loaded {
  if (stack.includes(path)) {
    const circle = [...stack.slice(stack.indexOf(path)), path].join(' -> ')
    const message = `A file includes itself: ${circle}`
    return refuse(loading, from, {
      message,
      hint: 'Remove one !include of the circle.',
      digdag: sayYaml(message, from),
    })
  }
  const known = loading.files.get(path)
  if (known !== undefined) return known
  const root = openFile(loading, path, from, stack)
  loading.files.set(path, root)
  return root
}

function openFile(loading: Loading, path: string, from: Position, stack: readonly string[]): Loaded {
  const source = loading.read(path)
  if (source.kind === 'missing') return refuse(loading, from, noFile(path))
  if (source.kind === 'refused') return refuse(loading, from, source)
  if (source.kind === 'needed') {
    loading.needs.push(path)
    return null
  }
  const { yaml, problems } = readYaml(path, withoutMark(source.text))
  loading.problems.push(...problems)
  return problems.length > 0 ? null : readRoot(loading, openReading(loading, yaml, [...stack, path]))
}

const noFile = (path: string): Wrong => ({
  message: `${path}: there is no such file in the project`,
  hint: 'Check the path: it is relative to the file that names it.',
  digdag: { phase: 'missing file', message: path },
})

/** `stack` ends with the file itself. */
function openReading(loading: Loading, yaml: Reading['yaml'], stack: readonly string[]): Reading {
  return {
    yaml,
    anchors: new Map(),
    refuse: (position, wrong) => refuse(loading, position, wrong),
    spend: (bytes, position) => spend(loading, bytes, position),
    include: (name, position) => include(loading, stack, name, position),
  }
}

function readRoot(loading: Loading, reading: Reading): Loaded {
  const { root, at } = reading.yaml
  const read = root === null ? undefined : readNode(reading, root)
  if (read === null || read?.kind === 'map') return read
  const message = `Expected object to load Config but got ${printJson(read === undefined ? null : plain(read))}`
  const hint = 'Write keys such as timezone: UTC and +tasks, each on a line.'
  return refuse(loading, at(root?.start ?? 0), { message, hint, digdag: { phase: 'yaml', message } })
}

function spend(loading: Loading, bytes: number, position: Position): boolean {
  if (loading.left < 0) return false
  loading.left -= bytes
  if (loading.left < 0) refuse(loading, position, TOO_LONG)
  return loading.left >= 0
}

const TOO_LONG: Wrong = {
  message: `Aliases and includes unfold this file to more than ${MAX_UNFOLDED_BYTES >> 20} MiB`,
  hint: 'Repeat less: a loop> or a call> says the same in one place.',
}

const NOTHING: ReadonlyMap<string, Entry> = new Map()

function include(loading: Loading, stack: readonly string[], name: unknown, position: Position) {
  const path = isScalarValue(name) ? resolvePath(stack.at(-1) ?? '', String(name)) : null
  if (path === null || path === undefined) refuse(loading, position, path === null ? NO_PATH : outside(String(name)))
  const root = path == null ? null : includeFile(loading, path, position, stack)
  return root !== null && spend(loading, root.bytes, position) ? root.entries : NOTHING
}

const isScalarValue = (name: unknown) => typeof name === 'string' || typeof name === 'boolean' || isNumber(name)

const NO_PATH: Wrong = {
  message: '!include needs the path of a file',
  hint: "Write `!include : 'file.yml'`.",
  digdag: { phase: 'missing file', message: 'null' },
}

const outside = (name: string): Wrong => ({
  message: `File name must not lead outside: ${name}: an included file lies beside or below the file that includes it`,
  hint: 'Copy the file into the project, or include it from a file further up.',
  digdag: { phase: 'at once', message: `File name must not include ..: ${name}` },
})

/** Relative to the folder of `from`, and never out of it; undefined when it would be. */
function resolvePath(from: string, name: string): string | undefined {
  const inside = insidePath(name)
  if (inside === undefined || inside === '') return undefined
  const folder = from.split('/').slice(0, -1)
  return [...folder, inside].join('/')
}

function refuse(loading: Loading, position: Position, wrong: Wrong): null {
  if (loading.problems.length < ENOUGH_PROBLEMS) loading.problems.push(problemAt(position, wrong))
  return null
}
