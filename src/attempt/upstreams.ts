import type { TaskId } from '../brand.ts'

/**
 * All that a task waited for, near and far, in the order in which their stores lie upon each other (as in Digdag): what an upstream waited for comes
 * before it, and of several upstreams the first has all of its own before the second. `upstreamsOf` knows the siblings.
 */
export function listUpstreams(id: TaskId, upstreamsOf: (id: TaskId) => readonly TaskId[]): readonly TaskId[] {
  const seen = new Set<TaskId>()
  const order: TaskId[] = []
  const open = [{ id, rest: oldestFirst(upstreamsOf(id)) }]
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.rest.next()
    if (next.done) order.push(top.id)
    if (next.done) open.pop()
    if (next.done || seen.has(next.value)) continue
    seen.add(next.value)
    open.push({ id: next.value, rest: oldestFirst(upstreamsOf(next.value)) })
  }
  return order.slice(0, -1)
}

const oldestFirst = (ids: readonly TaskId[]) => ids.toSorted((a, b) => Number(a) - Number(b)).values()
