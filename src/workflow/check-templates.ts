import type { JsonObject } from '../brand.ts'
import { type Located, type LocatedMap, type LocatedScalar, positionAt, withoutMark } from './located.ts'
import { isJsonObject } from './merge.ts'
import { builtInParams } from './params.ts'
import { ENOUGH_PROBLEMS, problemAt, warningAt } from './problem.ts'
import { parseTemplate } from './template.ts'
import type { Expressions, Problem, Workflow } from './workflow.ts'

/** A `${…}` of a workflow. */
type Use = { readonly workflow: Workflow; readonly leaf: LocatedScalar; readonly code: string }

/** Why an expression can never be evaluated. */
type Failure = { readonly kind: 'syntax' | 'limit'; readonly error: string }

/**
 * Compiles every `${…}`, and evaluates with a sample session what may take long. Most that fails then may pass with real params, so only what cannot
 * is a problem: an expression beyond its limits declines the push, a syntax error is a warning, since in Digdag it fails its task and nothing else.
 * What is left unseen, because so much is broken already or its time is over, fails when it runs.
 */
export function checkTemplates(
  project: Project,
  files: readonly { readonly root: LocatedMap; readonly workflow: Workflow }[],
): readonly { readonly workflow: Workflow; readonly problem: Problem }[] {
  const uses = files.flatMap(({ root, workflow }) => listUses(root, workflow))
  const owners = new Map(uses.map(({ code, workflow }) => [code, workflow]))
  const time = { leftMs: CHECK_MS }
  const broken = compileAll(project.expressions, [...owners.keys()], time)
  const failures = new Map([...broken, ...sampleLong(project, owners, broken, time)])
  const failing = (kind: Failure['kind']) => uses.filter(({ code }) => failures.get(code)?.kind === kind)
  // Errors first: while there is any nothing is deployed, however many are left out here.
  const some = [...failing('limit'), ...failing('syntax')].slice(0, ENOUGH_PROBLEMS)
  return some.flatMap(({ workflow, leaf, code }) => {
    const failure = failures.get(code)
    return failure === undefined ? [] : [{ workflow, problem: problemOf(project, leaf, code, failure) }]
  })
}

type Project = {
  readonly expressions: Expressions
  readonly texts: ReadonlyMap<string, string>
  readonly now: Date
}

/** Read before anything runs, never evaluated. */
const NEVER = new Set(['schedule', 'timezone'])

function listUses(root: LocatedMap, workflow: Workflow): readonly Use[] {
  const leaves = new Set<LocatedScalar>()
  for (const [key, { value }] of root.entries) if (!NEVER.has(key)) addLeaves(leaves, value)
  return [...leaves].flatMap((leaf) =>
    parseTemplate(String(leaf.value)).flatMap((part) =>
      part.kind === 'code' ? [{ workflow, leaf, code: part.code }] : [],
    ),
  )
}

function addLeaves(leaves: Set<LocatedScalar>, node: Located): void {
  if (node.kind === 'map') for (const { value } of node.entries.values()) addLeaves(leaves, value)
  else if (node.kind === 'list') for (const item of node.items) addLeaves(leaves, item)
  else if (typeof node.value === 'string' && node.value.includes('${')) leaves.add(node)
}

const MAX_BROKEN = 100

/** Of the processor, for one push: a web does nothing else meanwhile. */
const CHECK_MS = 1000
type Time = { leftMs: number }

function compileAll(expressions: Expressions, codes: readonly string[], time: Time): ReadonlyMap<string, Failure> {
  const failures = new Map<string, Failure>()
  for (const some of cut(codes)) {
    if (time.leftMs < 0 || failures.size >= MAX_BROKEN) break
    const { broken, usedMs } = expressions.findBroken(some)
    time.leftMs -= usedMs
    for (const { index, error } of broken) failures.set(some[index] ?? '', { kind: 'syntax', error })
  }
  return failures
}

/** Each piece is compiled far within the time of one question. A short code takes as long as these characters. */
const MAX_PIECE = 1 << 16
const SHORT = 300

function cut(codes: readonly string[]): readonly (readonly string[])[] {
  const pieces: string[][] = []
  let size = MAX_PIECE
  for (const code of codes) {
    size += SHORT + code.length
    if (size > MAX_PIECE) pieces.push([])
    if (size > MAX_PIECE) size = SHORT + code.length
    pieces.at(-1)?.push(code)
  }
  return pieces
}

/** What neither loops nor repeats a text is done at once. */
const MAY_TAKE_LONG =
  /\b(?:for|while|do|function|eval|template|RegExp|Array|constructor|repeat|pad\w+|fill|concat|join|split|replace\w*|match\w*|test|exec|search|sort|map|reduce\w*|filter|forEach|every|some)\b|=>/

function sampleLong(
  { expressions, now }: Project,
  owners: ReadonlyMap<string, Workflow>,
  broken: ReadonlyMap<string, Failure>,
  time: Time,
): ReadonlyMap<string, Failure> {
  const beyond = new Map<string, Failure>()
  const samples = new Map([...new Set(owners.values())].map((workflow) => [workflow, sampleParams(now, workflow)]))
  for (const [code, workflow] of owners) {
    if (broken.has(code) || !MAY_TAKE_LONG.test(code)) continue
    if (time.leftMs < 0) break
    const scope = { params: samples.get(workflow) ?? {}, nearer: {} }
    const result = expressions.evaluate([code], scope, workflow.timezone)
    time.leftMs -= result.usedMs
    if (!result.ok && result.kind === 'limit') beyond.set(code, { kind: 'limit', error: result.error })
  }
  return beyond
}

function sampleParams(now: Date, { name, timezone, config }: Workflow): JsonObject {
  const exports = isJsonObject(config._export) ? config._export : {}
  const ids = { sessionUuid: '00000000-0000-0000-0000-000000000000', sessionId: '1', attemptId: '1', projectId: '1' }
  return { ...exports, ...builtInParams({ timezone, sessionTime: now, taskName: `+${name}`, ...ids }) }
}

function problemOf({ texts }: Project, leaf: LocatedScalar, code: string, { kind, error }: Failure): Problem {
  const { file } = leaf.position
  const text = withoutMark(texts.get(file) ?? '')
  const at = text.slice(leaf.range[0], leaf.range[1]).indexOf(`\${${code}`)
  const position = at < 0 ? leaf.position : positionAt(file, text, leaf.range[0] + at)
  const shown = code.length > 60 ? `${code.slice(0, 60)}…` : code
  const message = `\${${shown}} cannot be evaluated (${error})`
  const wrong = { message, hint: HINTS[kind] }
  return kind === 'syntax' ? warningAt(position, wrong) : problemAt(position, wrong)
}

const HINTS: Record<Failure['kind'], string> = {
  limit:
    'Expressions are for small values. Compute large ones in a task, which can store its result for those that follow.',
  syntax:
    'It is JavaScript: a value such as session_date, moment(session_time).add(1, "day").format("YYYY-MM-DD"). In a shell script write $NAME for its own variables.',
}
