import type { Json, JsonObject } from '../brand.ts'
import { readLong, readObject } from '../workflow/coerce.ts'
import { configError, need, needCommand } from './config-error.ts'
import type { Operator } from './operator.ts'
import { iterate, iteration, MAX_SUBTASKS, needBody } from './subtasks.ts'

/** `for_range>: {from: 0, to: 10, slices: 4}` runs `_do` with `range.from`, `range.to` (exclusive) and `range.index`. */
export const forRange: Operator = {
  name: 'for_range',
  isRepeatable: true,
  retries: false,
  plan: (task) => {
    const body = needBody(task.local, '_do')
    const { from, to, step } = readRange(needCommand(task.command, HINT))
    const count = Math.max(Math.ceil((to - from) / step), 0)
    if (count > MAX_SUBTASKS)
      throw configError(`Too many for_range subtasks (${count}). Limit: ${MAX_SUBTASKS}`, 'Take a larger step.')
    const slices = Array.from({ length: count }, (_, index) => {
      const range = { from: from + index * step, to: Math.min(from + (index + 1) * step, to), index }
      return [`+range-from=${range.from}&to=${range.to}`, iteration(body, { range })] as const
    })
    return iterate(task, slices)
  },
}

const HINT = 'Write for_range>: {from: 0, to: 10, step: 5}, or slices: 2 in place of step.'

type Range = { readonly from: number; readonly to: number; readonly step: number }

function readRange(command: Json): Range {
  const range = need(readObject('_command', command), HINT)
  const from = need(readLong('from', range.from), HINT)
  const to = need(readLong('to', range.to), HINT)
  return { from, to, step: readStep(range, to - from) }
}

function readStep(range: JsonObject, length: number): number {
  if (range.step === undefined && range.slices === undefined)
    throw configError('step or slices option is required for for_range', HINT)
  if (range.step !== undefined && range.slices !== undefined)
    throw configError('Setting both step and slices options to for_range is invalid', HINT)
  const key = range.step === undefined ? 'slices' : 'step'
  const value = need(readLong(key, range[key]), HINT)
  if (value <= 0) throw configError(`${key} option must be same or greater than 1 but got ${value}`, HINT)
  return key === 'step' ? value : Math.max(Math.ceil(length / value), 1)
}
