import type { Json, JsonObject } from '../brand.ts'
import { isJsonObject } from './merge.ts'
import { builtInParams } from './params.ts'
import { parseTemplate } from './template.ts'
import type { Workflow } from './workflow.ts'

/**
 * The params that a workflow's templates name and nothing in its file could give them: they come from whoever starts it, or from what a task
 * stores. Only what is certain: a template that is more than a name, and a name that is the key of anything in the file, are left out.
 */
export function neededParams({ config, schedule, timezone }: Workflow): readonly string[] {
  const found = { named: new Set<string>(), given: new Set(GIVEN) }
  for (const name of Object.keys(builtIns(timezone, schedule !== null))) found.given.add(name)
  for (const [key, value] of Object.entries(config)) if (!NEVER_EVALUATED.has(key)) look(value, found, key)
  return [...found.named].filter((name) => !found.given.has(name)).sort()
}

const NEVER_EVALUATED = new Set(['schedule', 'sla'])

/** By the engine, by operators to what is in their bodies, and by JavaScript. */
const GIVEN = [
  ...['retry_attempt_name', 'error', 'i', 'range', 'moment', 'template', 'JSON', 'Math', 'Date'],
  ...['this', 'null', 'true', 'false', 'undefined', 'NaN', 'Infinity'],
]

function builtIns(timezone: string, hasSchedule: boolean): JsonObject {
  const ids = { sessionUuid: '', sessionId: '1', attemptId: '1', projectId: '1', taskName: '' }
  const time = '1970-01-01T00:00:00+00:00'
  const neighbours = hasSchedule ? { last_session_time: time, next_session_time: time } : {}
  return { ...neighbours, ...builtInParams({ timezone, sessionTime: new Date(0), ...ids }, neighbours) }
}

type Found = { readonly named: Set<string>; readonly given: Set<string> }

function look(value: Json, found: Found, key?: string): void {
  if (key !== undefined) found.given.add(key)
  if (typeof value === 'string') for (const name of namesIn(value)) found.named.add(name)
  if (Array.isArray(value)) for (const item of value) look(item, found)
  if (!isJsonObject(value)) return
  const givesUnknown = typeof value['for_each>'] === 'string'
  for (const [key, inner] of Object.entries(value)) if (key !== '_do' || !givesUnknown) look(inner, found, key)
}

const NAME = /^\s*([A-Za-z_$][\w$]*)(?:\s*\.\s*[A-Za-z_$][\w$]*)*\s*$/

/** Of `${name}` and `${name.key}`. */
function namesIn(text: string): readonly string[] {
  if (!text.includes('${')) return []
  return parseTemplate(text).flatMap((part) => {
    const [, name] = part.kind === 'code' ? (NAME.exec(part.code) ?? []) : []
    return name === undefined ? [] : [name]
  })
}
