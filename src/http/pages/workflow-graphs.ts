import { getGraphSource } from '../../db/pages/workflow.ts'
import type { Sql } from '../../db/sql.ts'
import { foldGraph } from '../../graph/fold-graph.ts'
import { countTasks } from '../../graph/graph.ts'
import { layOutGraph } from '../../graph/lay-out.ts'
import { outlineGraph } from '../../graph/outline.ts'
import { planGraph } from '../../graph/plan-graph.ts'
import type { ShownGraph } from '../../ui/workflow-graph.tsx'

const MOST_KEPT = 100

/** Graphs of workflows by id. The layout of a large one takes long, and is the same whoever looks: those that were looked at last are kept. */
export function openGraphs(sql: Sql): (workflowId: string) => Promise<ShownGraph> {
  const kept = new Map<string, ShownGraph>()
  return async (workflowId) => {
    const graph = kept.get(workflowId) ?? (await drawGraph(sql, workflowId))
    kept.delete(workflowId)
    kept.set(workflowId, graph)
    for (const id of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(id)
    return graph
  }
}

async function drawGraph(sql: Sql, workflowId: string): Promise<ShownGraph> {
  const { called, ...workflow } = await getGraphSource(sql, workflowId)
  const graph = planGraph(workflow, called)
  const folded = foldGraph(graph)
  const tasks = countTasks(graph)
  return { tasks, isFolded: countTasks(folded) < tasks, drawing: layOutGraph(folded), rows: outlineGraph(folded) }
}
