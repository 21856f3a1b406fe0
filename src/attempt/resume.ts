import type { JsonObject, TaskId } from '../brand.ts'
import type { PlannedTask } from '../workflow/tree.ts'
import { keepable } from './birth.ts'
import type { TaskKind, TaskState } from './task.ts'

/** A task of an attempt that is resumed. */
export type OldTask = {
  readonly id: TaskId
  readonly parentId: TaskId | null
  readonly fullName: string
  readonly kind: TaskKind
  readonly state: TaskState
  readonly isSuperseded: boolean
  readonly upstreams: readonly TaskId[]
  readonly config: JsonObject
  readonly exports: JsonObject
  readonly store: JsonObject
  readonly export: JsonObject
  readonly reset: readonly string[]
}
export type KeptTask = OldTask

export type Resume = { readonly mode: 'failed' } | { readonly mode: 'from'; readonly from: string }
export type Picked =
  | { readonly ok: true; readonly kept: ReadonlyMap<string, KeptTask> }
  | { readonly ok: false; readonly message: string }

/** The tasks of the old attempt (by id) that need not run again, by full name. Engine's own tasks always run again: an alert that was sent then tells nothing now. */
export function pickKept(rows: readonly OldTask[], resume: Resume): Picked {
  const valid = current(rows)
  const root = valid.find(({ parentId }) => parentId === null)
  if (resume.mode === 'failed' && root?.state === 'success')
    return { ok: false, message: 'Resuming successfully completed attempts is not supported' }
  const before = resume.mode === 'failed' ? valid : tasksBefore(valid, resume.from)
  if (typeof before === 'string') return { ok: false, message: before }
  const succeeded = before.filter(
    ({ state, fullName }) => state === 'success' && !/\^(check|error|failure-alert)/.test(fullName),
  )
  return { ok: true, kept: new Map(succeeded.map((task) => [task.fullName, task])) }
}

/** Without what a retry has replaced, and all below that. */
function current(rows: readonly OldTask[]): readonly OldTask[] {
  const valid = new Set<TaskId | null>([null])
  return rows.filter(({ id, parentId, isSuperseded }) => {
    if (isSuperseded || !valid.has(parentId)) return false
    valid.add(id)
    return true
  })
}

const namesOf = (rows: readonly OldTask[]) => rows.map(({ fullName }) => fullName)

/** All that the one task whose name ends in `pattern`, or a group of it, waited for; or why there is no such task. */
function tasksBefore(rows: readonly OldTask[], pattern: string): readonly OldTask[] | string {
  const matches = rows.filter(({ fullName }) => fullName.endsWith(pattern))
  const [target, other] = matches
  if (target === undefined) return `Task pattern '${pattern}' doesn't match with any tasks.`
  if (other !== undefined)
    return `Task pattern '${pattern}' is ambiguous. Matching candidates are [${namesOf(matches).reverse().join(', ')}]`
  const byId = new Map(rows.map((row) => [row.id, row]))
  const before = new Set<TaskId>()
  const line = new Set<TaskId>()
  for (
    let at: OldTask | undefined = target;
    at !== undefined;
    at = at.parentId === null ? undefined : byId.get(at.parentId)
  ) {
    line.add(at.id)
    addUpstreams(at, byId, before)
  }
  for (const { id, parentId } of rows) if (parentId !== null && before.has(parentId)) before.add(id) // a parent stands before its children
  return rows.filter(({ id }) => before.has(id) && !line.has(id))
}

function addUpstreams(task: OldTask, byId: ReadonlyMap<TaskId, OldTask>, into: Set<TaskId>) {
  const open = [...task.upstreams]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const upstream = byId.get(id)
    if (upstream === undefined || into.has(id)) continue
    into.add(id)
    open.push(...upstream.upstreams)
  }
}

/** The new tree with what kept operators had generated hung under them: their stores are still wanted. `left` is what a generator that runs again will ask for. */
export function graft(
  planned: readonly PlannedTask[],
  kept: ReadonlyMap<string, KeptTask>,
): { tasks: readonly PlannedTask[]; kept: ReadonlyMap<string, KeptTask>; left: readonly KeptTask[] } {
  const names = keepable(planned, new Set(kept.keys()))
  const tasks = [...planned]
  const here = new Map<string, KeptTask>()
  const indexes = new Map<TaskId, number>()
  planned.forEach(({ fullName, kind }, index) => {
    const old = names.has(fullName) ? kept.get(fullName) : undefined
    if (old === undefined) return
    here.set(fullName, old)
    if (kind === 'operator') indexes.set(old.id, index)
  })
  const known = new Set(planned.map(({ fullName }) => fullName))
  const left: KeptTask[] = []
  for (const old of [...kept.values()].sort(byId)) {
    if (known.has(old.fullName)) continue
    const parent = old.parentId === null ? undefined : indexes.get(old.parentId)
    if (parent === undefined) {
      left.push(old)
      continue
    }
    indexes.set(old.id, tasks.length)
    here.set(old.fullName, old)
    tasks.push({
      fullName: old.fullName,
      parent,
      kind: old.kind,
      config: old.config,
      exports: old.exports,
      upstreams: [],
    })
  }
  return { tasks, kept: here, left }
}

const byId = (a: OldTask, b: OldTask) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1)
