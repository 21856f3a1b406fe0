import type { JsonObject } from '../brand.ts'
import { type Located, type LocatedScalar, plain, positionAt, withoutMark } from './located.ts'
import { isJsonObject } from './merge.ts'
import { builtInParams } from './params.ts'
import { problemAt, warningAt } from './problem.ts'
import { parseTemplate } from './template.ts'
import type { Expressions, Problem, Workflow } from './workflow.ts'

/**
 * Evaluates every `${…}` once, with a sample session. Most that fails then may pass with real params, so only what cannot is a problem: an expression
 * beyond its limits declines the push, a syntax error is a warning, since in Digdag it fails its task and nothing else. The budget keeps a check
 * short: what it leaves unseen fails when it runs.
 */
export type TemplateCheck = {
  readonly expressions: Expressions
  readonly texts: ReadonlyMap<string, string>
  readonly now: Date
  readonly budget: { distinct: number; limits: number }
  /** By zone and code: a project repeats its expressions. */
  readonly seen: Map<string, Failure | null>
}

export function openTemplateCheck(
  expressions: Expressions,
  texts: ReadonlyMap<string, string>,
  now: Date,
): TemplateCheck {
  return { expressions, texts, now, budget: { distinct: 500, limits: 3 }, seen: new Map() }
}

/** Why an expression can never be evaluated. */
type Failure = { readonly kind: 'syntax' | 'limit'; readonly error: string }

/** Read before anything runs, never evaluated. */
const NEVER = new Set(['schedule', 'timezone'])

export function checkTemplates(check: TemplateCheck, root: Located, workflow: Workflow): readonly Problem[] {
  const scope = sampleScope(check, root, workflow)
  return listTemplates(root, true).flatMap((leaf) => checkLeaf(check, leaf, scope, workflow.timezone))
}

function sampleScope({ now }: TemplateCheck, root: Located, { name, timezone }: Workflow): JsonObject {
  const config = plain(root)
  const exports = isJsonObject(config) && isJsonObject(config._export) ? config._export : {}
  const ids = { sessionUuid: '00000000-0000-0000-0000-000000000000', sessionId: '1', attemptId: '1', projectId: '1' }
  return { ...exports, ...builtInParams({ timezone, sessionTime: now, taskName: `+${name}`, ...ids }) }
}

function listTemplates(node: Located, isTop: boolean, known = new Set<Located>()): readonly LocatedScalar[] {
  if (known.has(node)) return []
  known.add(node)
  if (node.kind === 'scalar') return typeof node.value === 'string' && node.value.includes('${') ? [node] : []
  if (node.kind === 'list') return node.items.flatMap((item) => listTemplates(item, false, known))
  return [...node.entries].flatMap(([key, { value }]) =>
    isTop && NEVER.has(key) ? [] : listTemplates(value, false, known),
  )
}

function checkLeaf(check: TemplateCheck, leaf: LocatedScalar, scope: JsonObject, zone: string): readonly Problem[] {
  const codes = parseTemplate(String(leaf.value)).flatMap((part) => (part.kind === 'code' ? [part.code] : []))
  return codes.flatMap((code) => {
    const error = findError(check, code, scope, zone)
    return error === null ? [] : [problemOf(check, leaf, code, error)]
  })
}

function findError(check: TemplateCheck, code: string, scope: JsonObject, zone: string): Failure | null {
  const { budget, seen } = check
  const key = `${zone} ${code}`
  const known = seen.get(key)
  if (known !== undefined || budget.distinct <= 0 || budget.limits <= 0) return known ?? null
  budget.distinct--
  const result = check.expressions.evaluate([code], { params: scope, nearer: {} }, zone)
  if (!result.ok && result.kind === 'limit') budget.limits--
  const failure = result.ok || result.kind === 'thrown' ? null : { kind: result.kind, error: result.error }
  seen.set(key, failure)
  return failure
}

function problemOf({ texts }: TemplateCheck, leaf: LocatedScalar, code: string, { kind, error }: Failure): Problem {
  const { file } = leaf.position
  const text = withoutMark(texts.get(file) ?? '')
  const at = text.slice(leaf.range[0], leaf.range[1]).indexOf(`\${${code}`)
  const position = at < 0 ? leaf.position : positionAt(file, text, leaf.range[0] + at)
  const shown = code.length > 60 ? `${code.slice(0, 60)}…` : code
  const message = `\${${shown}} cannot be evaluated (${error})`
  return kind === 'syntax'
    ? warningAt(position, { message, hint: HINTS[kind] })
    : problemAt(position, { message, hint: HINTS[kind] })
}

const HINTS: Record<Failure['kind'], string> = {
  limit:
    'Expressions are for small values. Compute large ones in a task, which can store its result for those that follow.',
  syntax:
    'It is JavaScript: a value such as session_date, moment(session_time).add(1, "day").format("YYYY-MM-DD"). In a shell script write $NAME for its own variables.',
}
