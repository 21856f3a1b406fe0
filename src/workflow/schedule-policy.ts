import type { Json, JsonObject } from '../brand.ts'
import { readBoolean } from './coerce.ts'
import { readDuration } from './duration.ts'
import { isEnvironmentName } from './names.ts'

export const OVERLAPS = ['allow', 'forbid', 'replace', 'queue'] as const
export const MISSED = ['all', 'last', 'none', 'ask'] as const

/** What a schedule's options say of its sessions. */
export type SchedulePolicy = {
  /** What becomes of a session that is due while another one runs. `skip_on_overtime` forbids. */
  readonly overlap: (typeof OVERLAPS)[number]
  /** What becomes of sessions that nobody started in time. */
  readonly missed: (typeof MISSED)[number]
  /** `skip_delayed_by`; null: it is never too late. */
  readonly skippedAfterMs: number | null
  /** Where it runs; null: everywhere. */
  readonly environments: readonly string[] | null
}

/** Of options that were checked. */
export function readPolicy(options: JsonObject): SchedulePolicy {
  const overtime = readBoolean('skip_on_overtime', options.skip_on_overtime ?? false)
  const isForbidden = overtime.ok && overtime.value
  const seconds = readDuration(options.skip_delayed_by ?? null)
  return {
    overlap: OVERLAPS.find((one) => one === options._overlap) ?? (isForbidden ? 'forbid' : 'allow'),
    missed: MISSED.find((one) => one === options._missed) ?? 'all',
    skippedAfterMs: seconds === undefined ? null : seconds * 1000,
    environments: readEnvironments(options._environment) ?? null,
  }
}

/** One name, or a list of them. Undefined when it is neither. */
export function readEnvironments(value: Json | undefined): readonly string[] | undefined {
  const names = Array.isArray(value) ? value : [value]
  const texts = names.filter((name): name is string => typeof name === 'string' && isEnvironmentName(name))
  return texts.length > 0 && texts.length === names.length ? texts : undefined
}
