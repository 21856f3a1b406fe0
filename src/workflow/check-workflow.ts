import type { JsonObject } from '../brand.ts'
import { parseJson, printJson } from '../json.ts'
import { checkTree, type Parsed } from './check-tree.ts'
import { sayWrongType } from './coerce.ts'
import { sayInvalid } from './digdag-words.ts'
import { isChildKey } from './directives.ts'
import { findEntry, type LocatedMap, type Position, plainMap } from './located.ts'
import { isJsonObject, pickKeys } from './merge.ts'
import { findTaskNameFaults, findWorkflowNameFaults, sayNameFault } from './names.ts'
import { nearest } from './nearest.ts'
import { problemAt, warningAt } from './problem.ts'
import { quote } from './quote.ts'
import { findScheduleFaults, readSchedule } from './schedule-faults.ts'
import { shareEqual } from './share-equal.ts'
import { readLateAt } from './sla.ts'
import type { Problem, Workflow } from './workflow.ts'
import { readZone } from './zone.ts'
import { ZONE_NAMES } from './zone-names.ts'

/** One top-level file, loaded. `workflow` is what it would be; it counts only when no problem is an error. */
export function checkWorkflow(
  file: string,
  { root, tasks }: Omit<Parsed, 'config'>,
  operators: ReadonlySet<string>,
): { readonly workflow: Workflow; readonly problems: readonly Problem[] } {
  const name = file.replace(/\.dig$/, '')
  const config = plainMap(root)
  const zone = checkZone(root, config)
  const known = [...zone.problems, ...scheduleProblems(root, config), ...slaProblems(root, config, zone.id)]
  const tree = checkTree({ root, tasks, config }, { name, operators, known })
  const problems = [...nameProblems(file, name), ...known, ...tree]
  const schedule = config.schedule === undefined ? null : readSchedule(config.schedule, zone.id)
  const stored = detach(storedConfig(config))
  return { workflow: { name, file, timezone: zone.id, config: stored, schedule }, problems }
}

/** Its texts are pieces of the file's, which would stay in memory with them. */
function detach(config: JsonObject): JsonObject {
  return shareEqual(parseJson(printJson(config)) as JsonObject) // a mapping stays one
}

/** The file's name is the name of the root task too. */
function nameProblems(file: string, name: string): readonly Problem[] {
  const faults = [
    ...findWorkflowNameFaults(name).map((fault) => [fault, name, 'workflow name'] as const),
    ...findTaskNameFaults(`+${name}`, false).map((fault) => [fault, `+${name}`, 'task names'] as const),
  ]
  return faults.slice(0, 1).map(([fault, given, phase]) => {
    const said = `name ${fault}: "${given}"`
    const message = `${sayNameFault('name', fault, given)}: the file's name is the name of the workflow and of its first task`
    const digdag = { phase, message: phase === 'task names' ? sayInvalid('workflow task', [said]) : said }
    return problemAt(
      { file, line: 1, column: 1 },
      { message, hint: 'Rename the file: letters, digits, - _ and dots.', digdag },
    )
  })
}

function checkZone(
  root: LocatedMap,
  config: JsonObject,
): { readonly id: string; readonly problems: readonly Problem[] } {
  const { timezone = 'UTC' } = config
  if (timezone === '' || timezone === null) return { id: 'UTC', problems: [] }
  const zone = typeof timezone === 'string' ? readZone(timezone) : undefined
  if (zone !== undefined) return { id: zone.id, problems: [] }
  const message = `Unknown time zone ${quote(timezone)}: times of day would mean nothing`
  const digdag = { phase: 'timezone', message: sayWrongType('timezone', timezone, A_ZONE) } as const
  const wrong = { message, hint: zoneHint(String(timezone)), digdag }
  return { id: 'UTC', problems: [problemAt(valueAt(root, ['timezone']), wrong)] }
}

/** Digdag names a class of Java there. */
const A_ZONE = '[reference type, time zone]'

const WRITE_ZONE = 'Write a name of the IANA list such as Asia/Tokyo, or an offset such as +09:00.'

function zoneHint(name: string): string {
  const wanted = name.toLowerCase().replaceAll(' ', '_')
  const names = [...ZONE_NAMES].map((zone) => ({ zone, lower: zone.toLowerCase() }))
  const meant = names.find(({ lower }) => lower === wanted) ?? names.find(({ lower }) => lower.endsWith(`/${wanted}`))
  if (meant === undefined && /^[A-Z]{3,5}$/.test(name)) return `Such letters may mean several zones. ${WRITE_ZONE}`
  const near = meant?.zone ?? nearest(name, ZONE_NAMES, 3)
  return near === undefined ? WRITE_ZONE : `Did you mean ${near}?`
}

function scheduleProblems(root: LocatedMap, { schedule = null }: JsonObject): readonly Problem[] {
  if (schedule === null) return [] // the tree's check tells of nothing
  return findScheduleFaults(schedule).map(({ key, digdag: said, isValue, isOdd, ...wrong }) => {
    const entry = findEntry(root, key === '' ? ['schedule'] : ['schedule', key])
    const position = (isValue === true ? entry?.value.position : entry?.key) ?? root.position
    if (isOdd === true) return warningAt(position, wrong)
    return problemAt(position, said === undefined ? wrong : { ...wrong, digdag: { phase: 'schedule', message: said } })
  })
}

/** Digdag takes any, and refuses each start then. */
function slaProblems(root: LocatedMap, config: JsonObject, zone: string): readonly Problem[] {
  if (config.sla === undefined || config.sla === null) return [] // the tree's check tells of nothing
  const lateAt = readLateAt(config, new Date(0), zone)
  if (lateAt.ok) return []
  const sla = isJsonObject(config.sla) ? config.sla : {}
  const option = ['time', 'duration'].filter((key) => Object.hasOwn(sla, key))
  const position = valueAt(root, option.length === 1 ? ['sla', ...option] : ['sla'])
  const message = `Nothing of this workflow could be started: ${lateAt.message}`
  return [warningAt(position, { message, hint: 'Write either time: or duration:, such as 01:30 or 01:30:00.' })]
}

function valueAt(root: LocatedMap, path: readonly string[]): Position {
  return findEntry(root, path)?.value.position ?? root.position
}

const STORED_FIRST = ['_export', 'schedule', 'sla', '_error', '_check', '_retry', '_parallel']

/** Digdag's stored form: directives in this order, then the rest as in the file, without `timezone` and an `_export` of nothing. */
export function storedConfig(config: JsonObject): JsonObject {
  const isEmpty = isJsonObject(config._export) && Object.keys(config._export).length === 0
  const dropped = new Set(['timezone', ...(isEmpty || config._export === null ? ['_export'] : [])])
  const first = STORED_FIRST.filter((key) => Object.hasOwn(config, key) && !dropped.has(key))
  const directives = pickKeys(config, (key) => !isChildKey(key) && !dropped.has(key) && !first.includes(key))
  return {
    ...Object.fromEntries(first.map((key) => [key, config[key] ?? null])),
    ...directives,
    ...pickKeys(config, isChildKey),
  }
}
