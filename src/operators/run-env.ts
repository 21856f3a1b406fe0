import type { Json, JsonObject } from '../brand.ts'
import { printJson } from '../json.ts'
import { Refusal } from '../refusal.ts'
import { WORKSPACE } from '../workflow/called-file.ts'
import { readText } from '../workflow/coerce.ts'
import { insidePath } from '../workflow/inside-path.ts'
import { isJsonObject } from '../workflow/merge.ts'
import { isVariableName } from '../workflow/names.ts'
import { configError, need } from './config-error.ts'

/** Every param whose name a shell accepts; nested values travel as JSON. A null param breaks the task, as in Digdag. */
export function paramsAsEnv(params: JsonObject): Record<string, string> {
  const named = Object.entries(params).filter(([name]) => isVariableName(name))
  return Object.fromEntries(named.map(([name, value]) => [name, envText(name, value)]))
}

function envText(name: string, value: Json): string {
  if (value === null)
    throw configError(`Parameter '${name}' is required but null`, `Give ${name} a value, or remove it from _export.`)
  return typeof value === 'string' ? value : printJson(value)
}

/** `_env` of the task itself. */
export function ownEnv(env: Json | undefined): Record<string, string> {
  if (env === undefined) return {}
  if (!isJsonObject(env)) throw configError("Parameter '_env' must be an object", 'Write names and values below _env.')
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, ownText(name, value)]))
}

function ownText(name: string, value: Json): string {
  if (!isVariableName(name))
    throw configError(`Invalid _env key name: ${name}`, 'Use letters, digits and _, not a digit first.')
  return withoutSecrets(need(readText(name, value), `Write a text for ${name}.`))
}

/** Secrets are put in here; until a project can have any, a text that asks for one ends the task. */
export function withoutSecrets(text: string): string {
  const match = /\$\{([a-z]+):([^}]*)\}/.exec(text)
  if (match === null) return text
  const [whole, kind, key = ''] = match
  if (kind !== 'secret')
    throw configError(`Invalid parametrization: '${whole}'`, 'Put shell code with such forms into a file.')
  const message = `Secret not found for key: '${key.trim()}' (secret not found)`
  throw new Refusal('not_found', message, `Set the secret ${key.trim()} of the project.`)
}

/** `_workdir`, relative to the workspace and never out of it. */
export function workFolder(params: JsonObject): string {
  const folder = params._workdir
  if (folder === undefined) return '.'
  const text = need(readText('_workdir', folder), 'Write the path of a folder of the project.')
  const inside = insidePath(text)
  if (inside !== undefined) return inside || '.'
  const message = `Working directory must not be outside of project path (${WORKSPACE}): ${text} (illegal argument)`
  throw new Refusal('invalid', message, 'Write a path below the project.')
}
