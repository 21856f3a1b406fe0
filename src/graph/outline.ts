import type { Graph, GraphTask, Level } from './graph.ts'

/** A task in the order in which it is written, and how deep inside others. */
export type OutlineRow = { readonly depth: number; readonly task: GraphTask }

export function outlineGraph({ root, besides }: Graph): readonly OutlineRow[] {
  return [...outlineLevel({ tasks: [root], links: [] }, 0), ...besides.flatMap(({ level }) => outlineLevel(level, 1))]
}

function outlineLevel({ tasks }: Level, depth: number): readonly OutlineRow[] {
  return tasks.flatMap((task) => [{ depth, task }, ...outlineLevel(task.inside, depth + 1)])
}
