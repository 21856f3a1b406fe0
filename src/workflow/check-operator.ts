import { DIRECTIVES, isChildKey, isOperatorKey, OPERATOR_KEYS, OPERATOR_OPTIONS, sayPlaces } from './directives.ts'
import type { LocatedTask } from './list-tasks.ts'
import type { Entry } from './located.ts'
import { didYouMean, nearest } from './nearest.ts'
import { collectProblems, problemAt, warningAt } from './problem.ts'
import type { Problem } from './workflow.ts'

/** A task's operator and the keys beside it. Digdag declines none of this: its server does not know the operators of its workers. */
export function checkOperator(task: LocatedTask, operators: ReadonlySet<string>): readonly Problem[] {
  const { operator, entries, place } = task
  if (operator === undefined || place === 'root' || operator.word.includes('${')) return []
  if (!operators.has(operator.word)) return [unknownOperator(task, operator, operators)]
  return collectProblems(entries, ([key, entry]) => keyProblems(task, operator.word, key, entry))
}

function unknownOperator(
  { fullName }: LocatedTask,
  { word, entry }: { readonly word: string; readonly entry: Entry },
  operators: ReadonlySet<string>,
): Problem {
  const known = [...operators].sort().map((one) => `${one}>`)
  const message = `Unknown operator ${word}>: ${fullName} cannot run`
  const all = `The operators are ${known.join(' ')}.`
  if (DIGDAGS_OTHERS.has(word)) {
    const hint = `Digdag has it, Sluice not yet: call the tool itself with sh> or py>. ${all}`
    return problemAt(entry.key, { message, hint })
  }
  return problemAt(entry.key, { message, hint: didYouMean(`${word}>`, known, all) })
}

/** What is written correctly is no slip of the pen. */
const DIGDAGS_OTHERS: ReadonlySet<string> = new Set([
  ...['pg', 'td', 'td_run', 'td_load', 'td_for_each', 'td_wait', 'td_wait_table', 'td_ddl', 'td_table_export'],
  ...['td_result_export', 'mail', 'http', 'http_call', 'rb', 'embulk', 'require', 'param_get', 'param_set', 'redshift'],
  ...['redshift_load', 'redshift_unload', 's3_copy', 's3_delete', 's3_move', 's3_touch', 's3_wait', 'emr'],
  ...['bq', 'bq_ddl', 'bq_extract', 'bq_load', 'gcs_wait', 'ecs_task.run', 'snowflake'],
])

/** These hand all their keys to the user's own code, so that any key may be meant (as in Digdag). */
const TAKE_ANY: ReadonlySet<string> = new Set(['sh', 'py', 'rb'])

/** All that begins with `_`: what a mistyped `_` key may have meant. */
const UNDERSCORED = DIRECTIVES.filter(({ key }) => key.startsWith('_'))

function keyProblems({ fullName }: LocatedTask, word: string, key: string, entry: Entry): readonly Problem[] {
  if (isOperatorKey(key) || isChildKey(key) || OPERATOR_KEYS.has(key)) return []
  const options = OPERATOR_OPTIONS.get(word)
  if (options?.includes(key)) return []
  const directive = findMeant(key)
  if (directive !== undefined) return [problemAt(entry.key, misplaced(fullName, key, directive))]
  if (options === undefined) return []
  const near = nearest(key, options)
  if (near === undefined && TAKE_ANY.has(word)) return []
  const otherwise = `${word}> does not know it. Remove it, or put it below _export: if it is a variable.`
  const message = `Parameter '${key}' is not used at task ${fullName}.`
  return [warningAt(entry.key, { message, hint: near === undefined ? otherwise : `Did you mean ${near}?` })]
}

function findMeant(key: string): (typeof UNDERSCORED)[number] | undefined {
  if (!key.startsWith('_')) return undefined
  const near = nearest(
    key,
    UNDERSCORED.map((one) => one.key),
  )
  return UNDERSCORED.find((one) => one.key === near)
}

function misplaced(fullName: string, key: string, directive: (typeof UNDERSCORED)[number]) {
  if (directive.key === key)
    return { message: `${key} does not belong into ${fullName}`, hint: `It belongs into ${sayPlaces(directive)}.` }
  return { message: `${fullName} has an unknown directive: ${key}`, hint: `Did you mean ${directive.key}?` }
}
