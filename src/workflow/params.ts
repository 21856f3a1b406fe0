import type { JsonObject } from '../brand.ts'
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
  /** Neighbours of the session in its schedule, or what the starter gave as params. */
  readonly lastSessionTime?: Date | undefined
  readonly nextSessionTime?: Date | undefined
  readonly lastExecutedSessionTime?: Date | undefined
}

/** Digdag's built-in variables. Nothing but a task's own keys overrides them. */
export function builtInParams(facts: SessionFacts): JsonObject {
  const zone = getZone(facts.timezone)
  const { lastSessionTime: last, nextSessionTime: next } = facts
  return {
    timezone: facts.timezone,
    session_uuid: facts.sessionUuid,
    session_id: Number(facts.sessionId),
    attempt_id: Number(facts.attemptId),
    project_id: Number(facts.projectId),
    ...timeParams('session', zone, facts.sessionTime),
    task_name: facts.taskName,
    ...(facts.retryAttemptName ? { retry_attempt_name: facts.retryAttemptName } : {}),
    ...(last === undefined ? {} : timeParams('last_session', zone, last)),
    ...(next === undefined ? {} : timeParams('next_session', zone, next)),
    ...lastExecutedParams(zone, facts.lastExecutedSessionTime),
  }
}

function timeParams(prefix: string, zone: Zone, time: Date): JsonObject {
  const instant = time.getTime()
  const wall = new Date(wallOf(zone, instant)).toISOString()
  return {
    [`${prefix}_time`]: formatInZone(zone, instant),
    [`${prefix}_date`]: wall.slice(0, 10),
    [`${prefix}_date_compact`]: wall.slice(0, 10).replaceAll('-', ''),
    [`${prefix}_local_time`]: wall.slice(0, 19).replace('T', ' '),
    [`${prefix}_tz_offset`]: formatOffset(zone, instant, ''),
    [`${prefix}_unixtime`]: Math.floor(instant / 1000),
  }
}

/** Always there, empty when nothing was executed, so that a template may ask for them without care. */
function lastExecutedParams(zone: Zone, time: Date | undefined): JsonObject {
  const params = timeParams('last_executed_session', zone, time ?? new Date(0))
  if (time !== undefined) return params
  const empty = Object.keys(params).map((key) => [key, key.endsWith('_tz_offset') ? (params[key] ?? '') : ''])
  return Object.fromEntries(empty)
}
