import type { PlannedTask } from '../workflow/tree.ts'
import type { TaskState } from './task.ts'

/** The states in which new tasks come to the world when their parent has begun. `kept` holds the full names that a resumed attempt need not run again. */
export function birthStates(tasks: readonly PlannedTask[], kept: ReadonlySet<string>): readonly TaskState[] {
  const states: TaskState[] = tasks.map(({ fullName }) => (kept.has(fullName) ? 'success' : 'blocked'))
  const children = childrenOf(tasks)
  const enterAll = (indexes: readonly number[]) => {
    for (const index of indexes) if (canBegin(index)) enter(index)
  }
  const canBegin = (index: number) =>
    states[index] === 'blocked' && (tasks[index]?.upstreams ?? []).every((one) => states[one] === 'success')
  const enter = (index: number) => {
    const own = children.get(index) ?? []
    if (tasks[index]?.kind === 'group') enterAll(own)
    states[index] = stateOf(index, own)
  }
  const stateOf = (index: number, own: readonly number[]): TaskState => {
    if (tasks[index]?.kind === 'operator') return 'ready'
    return own.every((one) => states[one] === 'success') ? 'success' : 'planned'
  }
  enterAll(children.get(null) ?? [])
  return states
}

/** Indexes by parent; an upstream stands before what waits for it, so one pass in order will do. */
function childrenOf(tasks: readonly PlannedTask[]): ReadonlyMap<number | null, readonly number[]> {
  const children = new Map<number | null, number[]>()
  tasks.forEach(({ parent }, index) => {
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [index])
    else siblings.push(index)
  })
  return children
}

/** Of the tasks that `succeeded` before, those that need not run again: a group only with all that is in it now. */
export function keepable(tasks: readonly PlannedTask[], succeeded: ReadonlySet<string>): ReadonlySet<string> {
  const kept = new Set<string>()
  const isBroken = new Set<number | null>()
  for (let index = tasks.length - 1; index >= 0; index--) {
    const task = tasks[index]
    if (task === undefined) continue
    if (succeeded.has(task.fullName) && !isBroken.has(index)) kept.add(task.fullName)
    else isBroken.add(task.parent)
  }
  return kept
}
