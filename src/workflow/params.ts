import type { Json, JsonObject } from '../brand.ts'
import { mergeObjects, removePath } from './merge.ts'
import { formatInZone, formatOffset, getZone, wallOf, type Zone } from './zone.ts'

/** One source of params. `reset` names dotted paths that go before `params` come: a store of an operator has both. */
export type ParamLayer = { readonly params: JsonObject; readonly reset?: readonly string[] }

/**
 * Merges layers, the lowest first (as in Digdag). The caller walks the ancestors from the root to the task and gives for each:
 * the stores of its upstream siblings and all that is below them in the order of ids, its exports, its own store; last the task's own exports.
 */
export function collectParams(layers: readonly ParamLayer[]): JsonObject {
  return layers.reduce<JsonObject>(
    (below, { params, reset = [] }) => mergeObjects(reset.reduce(removePath, below), params),
    {},
  )
}

export type SessionFacts = {
  readonly timezone: string
  readonly sessionTime: Date
  readonly sessionUuid: string
  readonly sessionId: string
  readonly attemptId: string
  readonly projectId: string
  readonly taskName: string
  readonly retryAttemptName?: string | undefined
}

/**
 * Digdag's built-in variables, in its order. Nothing but a task's own keys overrides them. The neighbours of a session are `given` as params, by its
 * schedule or by who starts it; what follows from them is added.
 */
export function builtInParams(facts: SessionFacts, given: JsonObject = {}): JsonObject {
  const zone = getZone(facts.timezone)
  return {
    timezone: facts.timezone,
    session_uuid: facts.sessionUuid,
    session_time: formatInZone(zone, facts.sessionTime.getTime()),
    session_id: Number(facts.sessionId),
    ...timeParams('session', zone, facts.sessionTime.getTime()),
    ...neighbourParams('last_session', zone, given.last_session_time),
    ...lastExecutedParams(zone, given.last_executed_session_time),
    ...neighbourParams('next_session', zone, given.next_session_time),
    project_id: Number(facts.projectId),
    ...(facts.retryAttemptName ? { retry_attempt_name: facts.retryAttemptName } : {}),
    attempt_id: Number(facts.attemptId),
    task_name: facts.taskName,
  }
}

function timeParams(prefix: string, zone: Zone, instant: number): JsonObject {
  const wall = new Date(wallOf(zone, instant)).toISOString()
  return {
    [`${prefix}_date`]: wall.slice(0, 10),
    [`${prefix}_date_compact`]: wall.slice(0, 10).replaceAll('-', ''),
    [`${prefix}_local_time`]: wall.slice(0, 19).replace('T', ' '),
    [`${prefix}_tz_offset`]: formatOffset(zone, instant, ''),
    [`${prefix}_unixtime`]: Math.floor(instant / 1000),
  }
}

const GIVEN_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/

/** Nothing follows from a time that is written in another way (as in Digdag). */
function neighbourParams(prefix: string, zone: Zone, given: Json | undefined): JsonObject {
  const instant = typeof given === 'string' && GIVEN_TIME.test(given) ? Date.parse(given) : Number.NaN
  return Number.isNaN(instant) ? {} : timeParams(prefix, zone, instant)
}

/** Empty where nothing was executed before, so that a template may ask for them without care. */
function lastExecutedParams(zone: Zone, given: Json | undefined): JsonObject {
  const prefix = 'last_executed_session'
  if (given !== undefined && given !== null) return neighbourParams(prefix, zone, given)
  const params = { [`${prefix}_time`]: '', ...timeParams(prefix, zone, 0) }
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, /_tz_offset$/.test(key) ? value : '']))
}
