import type { JsonObject } from '../brand.ts'
import { readBoolean } from '../workflow/coerce.ts'
import { parseParallel } from '../workflow/parallel.ts'
import { type PlannedTask, readOperator } from '../workflow/tree.ts'
import { firstWords } from './first-words.ts'
import type { GraphTask } from './graph.ts'

/** Operators that run `_do` once for each of their values. */
export const REPEATING: ReadonlySet<string> = new Set(['loop', 'for_each', 'for_range', 'td_for_each'])

export function describeOperator(raw: JsonObject): GraphTask['operator'] {
  const operator = readOperator(raw)
  return operator === undefined ? null : { type: firstWords(operator.type), words: firstWords(operator.command) }
}

export const isDisabled = (raw: JsonObject): boolean => isTrue('_disable', raw)

export function marksOf({ kind, config }: PlannedTask, raw: JsonObject): readonly string[] {
  if (isDisabled(raw)) return ['disabled']
  const isParallel = kind === 'group' || REPEATING.has(readOperator(config)?.type ?? '')
  return [
    ...(isParallel ? parallelMarks(config) : []),
    ...(isTrue('_background', raw) ? ['background'] : []),
    ...(kind === 'group' && Object.hasOwn(config, '_check') ? ['its _check never runs: a group has none'] : []),
  ]
}

function parallelMarks({ _parallel }: JsonObject): readonly string[] {
  const parallel = parseParallel(_parallel)
  if (!parallel.ok || parallel.value === null) return []
  return [parallel.value === 0 ? 'parallel' : `parallel, ${parallel.value} at a time`]
}

export function afterOf({ _after }: JsonObject): readonly string[] {
  return Array.isArray(_after) ? _after.filter((name) => typeof name === 'string') : []
}

export function isTrue(key: string, raw: JsonObject): boolean {
  if (!Object.hasOwn(raw, key)) return false
  const read = readBoolean(key, raw[key])
  return read.ok && read.value
}
