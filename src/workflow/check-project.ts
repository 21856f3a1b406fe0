import type { CalledFiles } from './called-file.ts'
import { type Call, type Calls, findCircles, listCalls } from './check-calls.ts'
import { checkKeyOrder } from './check-key-order.ts'
import { checkTemplates } from './check-templates.ts'
import { checkTree } from './check-tree.ts'
import { checkWorkflow, storedConfig } from './check-workflow.ts'
import { type LocatedTask, listTasks } from './list-tasks.ts'
import { type LoadedFile, loadFile, type Source } from './load-file.ts'
import { type LocatedMap, plainMap } from './located.ts'
import { MAX_PROBLEMS, problemAt } from './problem.ts'
import type { Expressions, Problem, TreeEntry, Workflow } from './workflow.ts'

/** What was pushed. `texts` holds the files that were asked for so far. */
export type Project = {
  readonly tree: readonly TreeEntry[]
  readonly texts: ReadonlyMap<string, string>
  /** The words before `>`. */
  readonly operators: ReadonlySet<string>
  readonly expressions: Expressions
  readonly now: Date
}

export type CheckedProject =
  /** Get the texts of these and ask again: includes and calls are found by reading. */
  | { readonly kind: 'needs'; readonly paths: readonly string[] }
  | {
      readonly kind: 'checked'
      /** Those of files without errors; none is to be deployed while any problem is an error. */
      readonly workflows: readonly Workflow[]
      /** What their `call>`s reach, as far as it could be read. */
      readonly called: CalledFiles
      readonly problems: readonly Problem[]
      /** Files that look like workflows but lie in a folder and are called by none. */
      readonly ignored: readonly string[]
    }

const MAX_FILE_BYTES = 256 << 10
/** Of all that one check reads. A web does nothing else meanwhile: half a second for each MiB of ordinary files, up to four of odd ones. */
const MAX_BYTES = 4 << 20

/** Checks every top-level *.dig with all that it includes and calls, and tells all problems at once. Never throws. */
export function checkProject(project: Project): CheckedProject {
  const reading = openReading(project)
  const tops = project.tree
    .map((entry) => entry.path)
    .filter(isWorkflowPath)
    .sort()
  const large = checkSize(project)
  if (large !== undefined) return { kind: 'checked', workflows: [], called: {}, problems: [large], ignored: [] }
  for (const path of tops) reading.load(path)
  const calls = followCalls(reading, tops)
  const needs = [...reading.loaded.values()].flatMap((file) => file.needs)
  if (needs.length > 0) return { kind: 'needs', paths: [...new Set(needs)] }

  const { workflows, problems } = checkTops(project, reading, tops)
  const callers = [...tops, ...calls.map(({ path }) => path)]
  const all = [
    ...problems,
    ...callers.flatMap((path) => reading.callsOf(path).problems),
    ...calledProblems(project, reading, calls),
    ...findCircles(tops, (path) => reading.callsOf(path).calls),
  ]
  const paths = project.tree.map(({ path }) => path)
  const ignored = paths.filter((path) => isNestedDig(path) && !reading.sources.has(path))
  const called = calledFiles(reading, callers)
  return { kind: 'checked', workflows, called, problems: sortProblems(all), ignored }
}

function isWorkflowPath(path: string): boolean {
  return path.endsWith('.dig') && !path.includes('/') && !path.startsWith('.')
}

function isNestedDig(path: string): boolean {
  return path.endsWith('.dig') && path.includes('/') && !path.split('/').some((part) => part.startsWith('.'))
}

/** Files too large by themselves are told of one by one, and not read. */
function checkSize({ tree, texts }: Project): Problem | undefined {
  const read = tree.filter(({ path, bytes }) => (isWorkflowPath(path) || texts.has(path)) && bytes <= MAX_FILE_BYTES)
  const bytes = read.reduce((sum, entry) => sum + entry.bytes, 0)
  const [first] = read
  if (first === undefined || bytes <= MAX_BYTES) return undefined
  const message = `The workflow files have ${(bytes / 1024 / 1024).toFixed(1)} MiB together; a project may have ${MAX_BYTES >> 20} MiB`
  const hint = 'Split the project, or move data and scripts to files of their own.'
  return problemAt({ file: first.path, line: 1, column: 1 }, { message, hint })
}

type Reading = {
  readonly load: (path: string) => LoadedFile
  readonly loaded: ReadonlyMap<string, LoadedFile>
  /** What there was at every path that was asked for, included ones too. */
  readonly sources: ReadonlyMap<string, Source>
  /** Of a file that could be read. */
  readonly tasksOf: (path: string) => readonly LocatedTask[]
  readonly callsOf: (path: string) => Calls
}

function openReading({ tree, texts }: Project): Reading {
  const entries = new Map(tree.map((entry) => [entry.path, entry]))
  const loaded = new Map<string, LoadedFile>()
  const sources = new Map<string, Source>()
  const read = remember(sources, (path) => readSource(entries.get(path), texts.get(path)))
  const load = remember(loaded, (path) => loadFile(path, read))
  const tasksOf = remember(new Map(), (path): readonly LocatedTask[] => {
    const { root } = load(path)
    return root === null ? [] : listTasks(root, `+${nameOf(path)}`)
  })
  const callsOf = remember(new Map(), (path) => listCalls(path, tasksOf(path), path.includes('/')))
  return { load, loaded, sources, tasksOf, callsOf }
}

function remember<Value>(known: Map<string, Value>, ask: (path: string) => Value): (path: string) => Value {
  return (path) => {
    const value = known.get(path) ?? ask(path)
    known.set(path, value)
    return value
  }
}

function readSource(entry: TreeEntry | undefined, text: string | undefined): Source {
  if (entry === undefined) return { kind: 'missing' }
  const refuse = (message: string, hint: string) => ({ kind: 'refused', message, hint }) as const
  if (entry.mode === '120000')
    return refuse(`${entry.path} is a symbolic link, and links are not followed`, 'Commit the file itself.')
  if (entry.bytes > MAX_FILE_BYTES) {
    const size = `${(entry.bytes / 1024 / 1024).toFixed(1)} MiB`
    return refuse(
      `${entry.path} has ${size}; a workflow file may have ${MAX_FILE_BYTES >> 10} KiB`,
      'Move data and scripts to files of their own.',
    )
  }
  return text === undefined ? { kind: 'needed' } : { kind: 'text', text }
}

/** Files in folders that are reached by `call>`, in the order they were found. */
function followCalls(reading: Reading, tops: readonly string[]): readonly Call[] {
  const found = new Map<string, Call>()
  const queue = [...tops]
  for (const path of queue)
    for (const call of reading.callsOf(path).calls) {
      if (found.has(call.path) || tops.includes(call.path)) continue
      found.set(call.path, call)
      reading.load(call.path)
      queue.push(call.path)
    }
  return [...found.values()]
}

function calledFiles({ callsOf, loaded }: Reading, callers: readonly string[]): CalledFiles {
  const paths = new Set(callers.flatMap((caller) => callsOf(caller).calls).map(({ path }) => path))
  const found = [...paths].flatMap((path) => {
    const root = loaded.get(path)?.root ?? null
    return root === null ? [] : [[path, storedConfig(plainMap(root))] as const]
  })
  return Object.fromEntries(found)
}

type Checked = { readonly root: LocatedMap; readonly workflow: Workflow; readonly problems: readonly Problem[] }

/** `workflows` are those of files without errors. */
function checkTops(project: Project, reading: Reading, tops: readonly string[]) {
  const problems: Problem[] = []
  const files = tops.flatMap((path): readonly Checked[] => {
    const { root, problems: unread } = reading.load(path)
    if (root === null) problems.push(...inTurn(path, unread))
    if (root === null) return []
    const checked = checkWorkflow(path, { root, tasks: reading.tasksOf(path) }, project.operators)
    problems.push(...inTurn(path, checked.problems), ...checkKeyOrder(root))
    return [{ root, ...checked }]
  })
  const templates = checkTemplates(project, files)
  problems.push(...templates.map(({ problem }) => problem))
  const broken = new Set(templates.flatMap(({ workflow, problem }) => (isError(problem) ? [workflow] : [])))
  for (const { workflow, problems } of files) if (problems.some(isError)) broken.add(workflow)
  return { workflows: files.map(({ workflow }) => workflow).filter((one) => !broken.has(one)), problems }
}

const isError = ({ severity }: Problem): boolean => severity === 'error'

/** Digdag tells of the top-level file that it reads, and of what it comes to first. */
function inTurn(file: string, problems: readonly Problem[]): readonly Problem[] {
  return problems.map((problem, turn) =>
    problem.digdag === undefined ? problem : { ...problem, digdag: { ...problem.digdag, file, turn } },
  )
}

/** A broken called file fails its task, not the push, as in Digdag; so these are warnings. */
function calledProblems({ operators }: Project, reading: Reading, calls: readonly Call[]): readonly Problem[] {
  return calls.flatMap((call) => {
    const { root, problems } = reading.load(call.path)
    const check = (root: LocatedMap) =>
      checkTree(
        { root, tasks: reading.tasksOf(call.path), config: plainMap(root) },
        { name: nameOf(call.path), operators, known: [] },
      )
    const found = root === null ? problems : check(root)
    const isThere = reading.sources.get(call.path)?.kind === 'text'
    const placed = isThere ? found : found.map((one) => problemAt(call.position, one))
    return placed.map((one) => ({ ...one, severity: 'warning' as const }))
  })
}

const nameOf = (path: string) => path.replace(/^.*\/|\.dig$/g, '')

function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const sorted = [...problems].sort((a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column)
  const distinct = [...new Map(sorted.map((one) => [JSON.stringify({ ...one, digdag: null }), one])).values()]
  const last = distinct[MAX_PROBLEMS]
  if (last === undefined) return distinct
  const message = 'There are more problems from here on'
  return [...distinct.slice(0, MAX_PROBLEMS), { ...last, message, hint: 'Correct the first ones and push again.' }]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
