import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import type { GraphTask } from './graph.ts'
import { baselines, type Label, printable, sayOperator } from './label.ts'
import { type Box, type Drawing, type Field, PADDING, REPEATED_BY } from './lay-out.ts'
import { STANDALONE_STYLE } from './style.ts'
import { type Point, wirePath } from './wire.ts'

/** Where a workflow that is waited for is to be seen; null: nowhere. */
type Href = (workflow: string) => string | null

/** As a file of its own. */
export function renderSvg(drawing: Drawing): string {
  const { width, height } = drawing
  const svg = (
    <Svg drawing={drawing} href={() => null}>
      <style>{raw(STANDALONE_STYLE)}</style>
      <rect class="ground" width={width} height={height} />
    </Svg>
  )
  return `${svg}\n`
}

/** On a page whose style sheet has GRAPH_STYLE. */
export function GraphSvg({ drawing, href }: { drawing: Drawing; href: Href }) {
  return <Svg drawing={drawing} href={href} />
}

function Svg({ drawing, href, children }: { drawing: Drawing; href: Href; children?: Child }) {
  const { root, parts, width, height } = drawing
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      class="graph"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
    >
      <title>Tasks of {printable(root.fullName.slice(1))}</title>
      <desc>What waits stands to the right of what it waits for.</desc>
      {children}
      {parts.map(({ label, field, x, y }) => (
        <>
          <Lines label={label} x={x} y={y} />
          <FieldOf field={field} href={href} />
        </>
      ))}
    </svg>
  )
}

function FieldOf({ field, href }: { field: Field & Point; href: Href }) {
  return (
    <g transform={at(field)}>
      {field.wires.map((wire) => (
        <path class={wire.on === 'error' ? 'wire error' : 'wire'} d={wirePath(wire)} />
      ))}
      {field.joints.map(({ x, y }) => (
        <circle class="joint" cx={x} cy={y} r="3" />
      ))}
      {field.boxes.map((box) => (
        <BoxOf box={box} href={href} />
      ))}
    </g>
  )
}

const at = ({ x, y }: Point) => `translate(${x} ${y})`

/** The name of a box is read out as its title, and shown whole while the pointer is on it. */
function BoxOf({ box, href }: { box: Box; href: Href }) {
  const { task, label, field } = box
  const to = task.requires === null ? null : href(task.requires)
  const shown = (
    <>
      <title>{describe(task)}</title>
      <Outlines box={box} />
      <Lines label={label} x={PADDING} y={PADDING / 2} />
    </>
  )
  return (
    <g
      class={task.turn}
      transform={at(box)}
      {...(to === null ? { tabindex: 0, role: field === null ? 'graphics-symbol' : 'graphics-object' } : {})}
    >
      {to === null ? (
        shown
      ) : (
        <a class="to" href={to}>
          {shown}
        </a>
      )}
      {field === null ? null : <FieldOf field={field} href={href} />}
    </g>
  )
}

function Outlines({ box }: { box: Box }) {
  const { task, field } = box
  const shifts = task.isRepeated ? [2 * REPEATED_BY, REPEATED_BY, 0] : [0]
  const [most = 0] = shifts
  return (
    <>
      {shifts.map((shift) => (
        <rect
          class={field === null ? 'outline box' : 'outline frame'}
          x={shift}
          y={shift}
          width={box.width - most}
          height={box.height - most}
          rx={field === null ? 6 : 10}
        />
      ))}
    </>
  )
}

function Lines({ label, x, y }: Point & { label: Label }) {
  const lines = baselines(label)
  return (
    <>
      {label.map(({ look, text }, line) => (
        <text class={look} x={x} y={y + (lines[line] ?? 0)}>
          {text}
        </text>
      ))}
    </>
  )
}

const TURNS: { readonly [turn in GraphTask['turn']]: readonly string[] } = {
  always: [],
  maybe: ['Does not always run'],
  never: ['Never runs'],
}

function describe({ fullName, operator, marks, after, turn }: GraphTask): string {
  const lines = [
    printable(fullName),
    ...(operator === null ? [] : [sayOperator(operator)]),
    ...[...marks, ...(after.length === 0 ? [] : [`after ${after.join(', ')}`])].map(printable),
    ...TURNS[turn],
  ]
  return lines.join('\n')
}
