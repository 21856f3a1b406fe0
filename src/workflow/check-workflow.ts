import type { Json, JsonObject } from '../brand.ts'
import { checkTree } from './check-tree.ts'
import { isChildKey } from './directives.ts'
import { findEntry, type LocatedMap, type Position, plain } from './located.ts'
import { isJsonObject, pickKeys } from './merge.ts'
import { findWorkflowNameFault } from './names.ts'
import { nearest } from './nearest.ts'
import { findScheduleFaults, readSchedule } from './schedule-faults.ts'
import type { Problem, Workflow } from './workflow.ts'
import { problemAt } from './yaml.ts'
import { readZone } from './zone.ts'
import { ZONE_NAMES } from './zone-names.ts'

/** One top-level file, loaded. `workflow` is what it would be; it counts only when no problem is an error. */
export function checkWorkflow(
  file: string,
  root: LocatedMap,
  operators: ReadonlySet<string>,
): { readonly workflow: Workflow; readonly problems: readonly Problem[] } {
  const name = file.replace(/\.dig$/, '')
  const config = objectOf(plain(root))
  const zone = checkZone(root, config)
  const problems = [
    ...nameProblems(file, name),
    ...zone.problems,
    ...scheduleProblems(root, config),
    ...checkTree(root, name, operators),
  ]
  const schedule = config.schedule === undefined ? null : readSchedule(config.schedule, zone.id)
  return { workflow: { name, file, timezone: zone.id, config: storedConfig(config), schedule }, problems }
}

function objectOf(value: Json): JsonObject {
  return isJsonObject(value) ? value : {}
}

function nameProblems(file: string, name: string): readonly Problem[] {
  const fault = findWorkflowNameFault(name)
  if (fault === undefined) return []
  const message = `${fault}: the file's name is the name of the workflow and of its first task`
  return [problemAt({ file, line: 1, column: 1 }, { message, hint: 'Rename the file: letters, digits, - _ and dots.' })]
}

function checkZone(
  root: LocatedMap,
  config: JsonObject,
): { readonly id: string; readonly problems: readonly Problem[] } {
  const { timezone = 'UTC' } = config
  if (timezone === '' || timezone === null) return { id: 'UTC', problems: [] }
  const zone = typeof timezone === 'string' ? readZone(timezone) : undefined
  if (zone !== undefined) return { id: zone.id, problems: [] }
  const message = `Unknown time zone ${JSON.stringify(timezone)}: times of day would mean nothing`
  const problem = problemAt(valueAt(root, ['timezone']), { message, hint: zoneHint(String(timezone)) })
  return { id: 'UTC', problems: [{ ...problem, digdag: { phase: 'load', message: sayZoneAsDigdag(timezone) } }] }
}

function sayZoneAsDigdag(given: Json): string {
  const type = Array.isArray(given) ? 'array' : typeof given
  return `Expected [reference type, time zone] for key 'timezone' but got ${JSON.stringify(given)} (${type})`
}

function zoneHint(name: string): string {
  const cities = [...ZONE_NAMES].filter((zone) =>
    zone.toLowerCase().endsWith(`/${name.toLowerCase().replaceAll(' ', '_')}`),
  )
  const near = cities[0] ?? nearest(name, ZONE_NAMES, 3)
  return near === undefined
    ? 'Write a name of the IANA list such as Asia/Tokyo, or an offset such as +09:00.'
    : `Did you mean ${near}?`
}

function scheduleProblems(root: LocatedMap, config: JsonObject): readonly Problem[] {
  if (config.schedule === undefined) return []
  return findScheduleFaults(config.schedule).map((fault) => {
    const path = fault.key === '' ? ['schedule'] : ['schedule', fault.key]
    const entry = findEntry(root, path)
    const position = fault.isValue === true ? entry?.value.position : entry?.key
    const { digdag: said, isOdd } = fault
    return {
      ...problemAt(position ?? root.position, fault),
      ...(isOdd === true ? { severity: 'warning' } : {}),
      ...(said === undefined ? {} : { digdag: { phase: 'schedule', message: said } }),
    }
  })
}

function valueAt(root: LocatedMap, path: readonly string[]): Position {
  return findEntry(root, path)?.value.position ?? root.position
}

const STORED_FIRST = ['_export', 'schedule', 'sla', '_error', '_check', '_retry', '_parallel']

/** Digdag's stored form: directives in this order, then the rest as in the file, without `timezone`. */
export function storedConfig(config: JsonObject): JsonObject {
  const first = STORED_FIRST.filter((key) => Object.hasOwn(config, key))
  const directives = pickKeys(config, (key) => !isChildKey(key) && key !== 'timezone' && !first.includes(key))
  return {
    ...Object.fromEntries(first.map((key) => [key, config[key] ?? null])),
    ...directives,
    ...pickKeys(config, isChildKey),
  }
}
