import type { Json, JsonObject } from '../brand.ts'
import { parseJson } from '../workflow/coerce.ts'
import { isJsonObject } from '../workflow/merge.ts'
import { isNestedTooDeeply, MAX_NESTING } from '../workflow/nesting.ts'
import type { Conclusion } from './operator.ts'

/** What a command left in `$SLUICE_OUTPUT`. Digdag's names for the parts are understood too: `store_params`, `export_params`, `subtask_config`. */
export type Output = {
  readonly store: JsonObject
  readonly export: JsonObject
  readonly reset: readonly string[]
  readonly subtasks: JsonObject | null
  readonly error: JsonObject
}

export const NO_OUTPUT: Output = { store: {}, export: {}, reset: [], subtasks: null, error: {} }

/** A text says what is wrong with the file. No file is no output. */
export function readOutput(text: string | undefined): Output | string {
  if (text === undefined || text.trim() === '') return NO_OUTPUT
  const json = parseJson(text)
  if (!isJsonObject(json))
    return 'output.json is not a JSON object: write for example {"store": {"rows": 3}} to $SLUICE_OUTPUT'
  if (isNestedTooDeeply(json))
    return `output.json is nested deeper than ${MAX_NESTING} levels: store a flat object, or the path of a file`
  const part = (...names: string[]) =>
    names.map((name) => json[name]).find((value) => value !== undefined && value !== null)
  const store = part('store', 'store_params') ?? {}
  const exported = part('export', 'export_params') ?? {}
  if (!isJsonObject(store) || !isJsonObject(exported)) return 'output.json: store and export must be JSON objects'
  return {
    store,
    export: exported,
    reset: textsOf(part('reset', 'reset_store_params')),
    subtasks: objectOf(part('subtasks', 'subtask_config')),
    error: objectOf(part('error')) ?? {},
  }
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one: Json) => typeof one === 'string') : []
}

function objectOf(value: Json | undefined): JsonObject | null {
  return isJsonObject(value) && Object.keys(value).length > 0 ? value : null
}

export function succeed(output: Output): Conclusion {
  return {
    kind: 'succeeded',
    store: output.store,
    export: output.export,
    reset: output.reset,
    subtasks: output.subtasks,
  }
}

export const failWith = (message: string): Conclusion => ({ kind: 'failed', error: { message } })
