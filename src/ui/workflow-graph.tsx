import { GraphSvg } from '../graph/graph-svg.tsx'
import { sayOperator } from '../graph/label.ts'
import type { Drawing } from '../graph/lay-out.ts'
import type { OutlineRow } from '../graph/outline.ts'
import { countOf } from './format.ts'
import { Section } from './parts.tsx'
import { workflowPath } from './shell.tsx'

/** What will run. `rows` are the same as a list. */
export type ShownGraph = {
  readonly tasks: number
  /** It is too large to be drawn whole. */
  readonly isFolded: boolean
  readonly drawing: Drawing
  readonly rows: readonly OutlineRow[]
}

type Props = { readonly graph: ShownGraph; readonly project: string; readonly revision: number }

export function WorkflowGraph({ graph: { tasks, isFolded, drawing, rows }, project, revision }: Props) {
  return (
    <Section
      id="graph"
      title="Tasks"
      note={`${countOf(tasks, 'task')} in v${revision}${isFolded ? ', not all of them drawn' : ''}`}
    >
      <div class="sheet">
        <section class="graphbox" tabindex={0} aria-label="Graph of the tasks">
          <GraphSvg drawing={drawing} href={(workflow) => workflowPath(project, workflow)} />
        </section>
        <details class="outline">
          <summary>As a list</summary>
          <ol>
            {rows.map((row) => (
              <Row row={row} />
            ))}
          </ol>
        </details>
      </div>
    </Section>
  )
}

function Row({ row: { depth, task } }: { row: OutlineRow }) {
  const { name, operator, marks, after } = task
  const said = [...marks, ...(after.length === 0 ? [] : [`after ${after.join(', ')}`])]
  return (
    <li class={`d${Math.min(depth, 6)}`}>
      <code>{name}</code>
      {operator === null ? null : <code>{sayOperator(operator)}</code>}
      {said.length === 0 ? null : <span>{said.join(', ')}</span>}
    </li>
  )
}
