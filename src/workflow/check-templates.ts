import type { JsonObject } from '../brand.ts'
import { type Located, type LocatedMap, type LocatedScalar, positionAt, withoutMark } from './located.ts'
import { isJsonObject } from './merge.ts'
import { builtInParams } from './params.ts'
import { problemAt, warningAt } from './problem.ts'
import { parseTemplate } from './template.ts'
import type { Expressions, Problem, Workflow } from './workflow.ts'

/** A `${…}` of a workflow. */
type Use = { readonly workflow: Workflow; readonly leaf: LocatedScalar; readonly code: string }

/** Why an expression can never be evaluated. */
type Failure = { readonly kind: 'syntax' | 'limit'; readonly error: string }

/**
 * Compiles every `${…}`, and evaluates with a sample session what may take long. Most that fails then may pass with real params, so only what cannot
 * is a problem: an expression beyond its limits declines the push, a syntax error is a warning, since in Digdag it fails its task and nothing else.
 * What is left unseen, because so much is broken already, fails when it runs.
 */
export function checkTemplates(
  project: Project,
  files: readonly { readonly root: LocatedMap; readonly workflow: Workflow }[],
): readonly { readonly workflow: Workflow; readonly problem: Problem }[] {
  const uses = files.flatMap(({ root, workflow }) => listUses(root, workflow))
  const owners = new Map(uses.map(({ code, workflow }) => [code, workflow]))
  const broken = compileAll(project.expressions, [...owners.keys()])
  const failures = new Map([...broken, ...sampleLong(project, owners, broken)])
  return uses.flatMap(({ workflow, leaf, code }) => {
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
const MAX_LIMITS = 3

/** All at once, each as a function that nobody calls; again without each that is broken. */
function compileAll(expressions: Expressions, codes: readonly string[]): ReadonlyMap<string, Failure> {
  const broken = new Map<string, Failure>()
  let left = codes
  while (left.length > 0 && broken.size < MAX_BROKEN) {
    const functions = left.map((code) => `function () { return (${code}\n) }`)
    const result = expressions.evaluate(functions, { params: {}, nearer: {} }, 'UTC')
    if (result.ok || result.kind !== 'syntax') break
    broken.set(left[result.index] ?? '', { kind: 'syntax', error: result.error })
    left = left.filter((_, index) => index !== result.index)
  }
  return broken
}

/** What neither loops nor repeats a text is done at once. */
const MAY_TAKE_LONG =
  /\b(?:for|while|do|function|eval|template|RegExp|Array|constructor|repeat|pad\w+|fill|concat|join|split|replace\w*|match\w*|test|exec|search|sort|map|reduce\w*|filter|forEach|every|some)\b|=>/

function sampleLong(
  { expressions, now }: Project,
  owners: ReadonlyMap<string, Workflow>,
  broken: ReadonlyMap<string, Failure>,
): ReadonlyMap<string, Failure> {
  const beyond = new Map<string, Failure>()
  for (const [code, workflow] of owners) {
    if (broken.has(code) || !MAY_TAKE_LONG.test(code)) continue
    const scope = { params: sampleParams(now, workflow), nearer: {} }
    const result = expressions.evaluate([code], scope, workflow.timezone)
    if (!result.ok && result.kind === 'limit') beyond.set(code, { kind: 'limit', error: result.error })
    if (beyond.size === MAX_LIMITS) break
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
