import type { Json, JsonObject, TaskId } from '../brand.ts'
import { readBoolean } from '../workflow/coerce.ts'
import { isJsonObject } from '../workflow/merge.ts'
import { type PlannedTask, planTree } from '../workflow/tree.ts'
import type { Task } from './task.ts'

/** New tasks under `parentId`. */
export type Plant = {
  readonly parentId: TaskId
  readonly tasks: readonly PlannedTask[]
  /** Waits for the plant before it. */
  readonly isAfterSibling: boolean
  /** Its first task is to see what the failed group's tasks stored, and their errors. */
  readonly seesFailure: boolean
}

/** `^sub`, then `^check`; or why they cannot be planned. */
export function followers(task: Task, subtasks: JsonObject | null): readonly Plant[] | string {
  const check = directive(task, '_check') ?? {}
  if (!isJsonObject(check)) return "Parameter '_check' must be an object"
  const plants: Plant[] = []
  for (const [name, config] of [
    ['^sub', subtasks ?? {}],
    ['^check', check],
  ] as const) {
    if (Object.keys(config).length === 0) continue
    const tree = planTree(config, task.fullName + name)
    if (!tree.ok) return tree.message
    plants.push({ parentId: task.id, tasks: tree.tasks, isAfterSibling: plants.length > 0, seesFailure: false })
  }
  return plants
}

/** `_error`, as a task that sees `error`; a group's sees what its tasks left (null: `db/` collects it). */
export function errorTask(task: Task, exports: JsonObject | null): readonly Plant[] {
  const config = directive(task, '_error')
  const isBody = isJsonObject(config) && Object.keys(config).length > 0
  const tree = isBody ? planTree(config, `${task.fullName}^error`) : null
  if (!tree?.ok) return []
  const [first, ...rest] = tree.tasks
  if (first === undefined) return []
  const tasks = [{ ...first, exports: { ...first.exports, ...exports } }, ...rest]
  return [{ parentId: task.id, tasks, isAfterSibling: false, seesFailure: exports === null }]
}

/** Digdag's own notification of a failed attempt: the root always gets it, before its `_error`. */
export function failureAlert(root: Task): readonly Plant[] {
  const config = { _type: 'notify', _command: 'Workflow session attempt failed' }
  const tree = planTree(config, `${root.fullName}^failure-alert`)
  return tree.ok ? [{ parentId: root.id, tasks: tree.tasks, isAfterSibling: false, seesFailure: false }] : []
}

/** What `sla:` has an attempt do that is late: a notification unless it says no, an error if it says so, and its own tasks. */
export function slaTasks(root: Task): readonly Plant[] {
  const { time: _, duration: __, alert, fail, ...own } = isJsonObject(root.config.sla) ? root.config.sla : {}
  const says = (key: string, value: Json | undefined, otherwise: boolean) => {
    const read = readBoolean(key, value ?? otherwise)
    return read.ok ? read.value : otherwise // as in Digdag: an attempt that is late should not fail over this
  }
  const trees: readonly (readonly [string, JsonObject])[] = [
    ...(says('alert', alert, true) ? [['^sla^alert', { _type: 'notify', _command: VIOLATION }] as const] : []),
    ...(says('fail', fail, false) ? [['^sla^fail', { _type: 'fail', _command: VIOLATION }] as const] : []),
    ['^sla', own],
  ]
  return trees.flatMap(([name, config]) => {
    const tree = planTree(config, `${root.fullName}${name}`)
    return tree.ok ? [{ parentId: root.id, tasks: tree.tasks, isAfterSibling: false, seesFailure: false }] : []
  })
}

const VIOLATION = 'SLA violation'

/** Exported ones count too (as in Digdag). */
export const directive = (task: Task, name: string) => task.config[name] ?? task.exports[name]
