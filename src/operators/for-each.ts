import type { Json, JsonObject } from '../brand.ts'
import { printJson } from '../json.ts'
import { readList, readObject } from '../workflow/coerce.ts'
import { configError, need, needCommand } from './config-error.ts'
import type { Operator } from './operator.ts'
import { iterate, iteration, MAX_SUBTASKS, needBody } from './subtasks.ts'

/** `for_each>: {fruit: [apple], verb: [eat, throw]}` runs `_do` for every combination, the first key slowest. */
export const forEach: Operator = {
  name: 'for_each',
  isRepeatable: true,
  retries: false,
  plan: (task) => {
    const body = needBody(task.local, '_do')
    const choices = readChoices(needCommand(task.command, HINT))
    return iterate(
      task,
      combine(choices).map((picks) => [nameOf(picks), iteration(body, exportsOf(picks))]),
    )
  },
}

const HINT = 'Write names with lists of values: for_each>: {fruit: [apple, orange]}.'

type Choice = { readonly key: string; readonly values: readonly Json[] }
type Pick = { readonly keyIndex: number; readonly key: string; readonly index: number; readonly value: Json }

function readChoices(command: Json): readonly Choice[] {
  const mapping = need(readObject('_command', command), HINT)
  return Object.entries(mapping).map(([key, list]) => ({ key, values: need(readList(key, list), HINT) }))
}

/** Every combination; an empty list makes none. */
function combine(choices: readonly Choice[]): readonly (readonly Pick[])[] {
  if (choices.length === 0) return []
  let combinations: (readonly Pick[])[] = [[]]
  for (const [keyIndex, { key, values }] of choices.entries()) {
    if (combinations.length * values.length > MAX_SUBTASKS)
      throw configError(`Too many for_each subtasks. Limit: ${MAX_SUBTASKS}`, 'Use fewer values.')
    combinations = combinations.flatMap((picks) =>
      values.map((value, index) => [...picks, { keyIndex, key, index, value }]),
    )
  }
  return combinations
}

function nameOf(picks: readonly Pick[]): string {
  return `+for-${picks.map(({ keyIndex, key, index, value }) => `${keyIndex}=${tagOf(key)}=${index}=${tagOf(value)}`).join('&')}`
}

/** Cut first, escaped after, so that a name stays one of the letters that task names may have. */
function tagOf(value: Json): string {
  const text = typeof value === 'string' ? value : printJson(value)
  return escapeTag(text.slice(0, 8))
}

/** `encodeURIComponent` leaves `!'()*~` alone, which task names may not have; half a surrogate pair it refuses. */
function escapeTag(text: string): string {
  const odd = (letter: string) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd')).replace(/[!'()*~]/g, odd)
}

function exportsOf(picks: readonly Pick[]): JsonObject {
  return Object.fromEntries(picks.map(({ key, value }) => [key, value]))
}
