import type { ShownTask } from '../shown/attempt.ts'
import type { ShownTaskState } from '../shown/states.ts'

/** A row of the tree: `name` is what the task adds to its parent's. */
export type TreeRow = {
  readonly task: ShownTask
  readonly depth: number
  readonly name: string
  readonly span: TimeSpan | null
}
type TimeSpan = { readonly from: Date; readonly to: Date | null }

const OVER: readonly ShownTaskState[] = ['success', 'error', 'group_error', 'canceled']
export const isOver = (state: ShownTaskState): boolean => OVER.includes(state)
export const hasFailed = (task: ShownTask): boolean => task.state === 'error' || task.state === 'group_error'

/** The tree in the order in which it runs, without its root: that one is the attempt. */
export function treeRows(tasks: readonly ShownTask[]): readonly TreeRow[] {
  const children = new Map<string | null, ShownTask[]>()
  for (const task of tasks) pushTo(children, task)
  const below = (parent: ShownTask, depth: number): readonly TreeRow[] =>
    (children.get(parent.id) ?? []).flatMap((task) => {
      const rows = below(task, depth + 1)
      return [{ task, depth, name: task.fullName.slice(parent.fullName.length), span: spanOf(task, rows) }, ...rows]
    })
  return (children.get(null) ?? []).flatMap((root) => below(root, 0))
}

/** From its first start to its last end; of a group, from its first task's to its last's. */
function spanOf(task: ShownTask, rows: readonly TreeRow[]): TimeSpan | null {
  const spans = [
    ...task.runs.map(({ startedAt, finishedAt }) => ({ from: startedAt, to: finishedAt })),
    ...rows.flatMap(({ span }) => span ?? []),
  ]
  if (spans.length === 0) return null
  const from = new Date(Math.min(...spans.map((span) => span.from.getTime())))
  if (!isOver(task.state)) return { from, to: null }
  return { from, to: new Date(Math.max(...spans.map((span) => (span.to ?? task.changedAt).getTime()))) }
}

function pushTo(children: Map<string | null, ShownTask[]>, task: ShownTask): void {
  const siblings = children.get(task.parentId)
  if (siblings === undefined) children.set(task.parentId, [task])
  else siblings.push(task)
}
