import type { ShownTask, TaskRun } from '../shown/attempt.ts'
import { clock, clockSeconds, sayDuration } from './format.ts'
import { Glyph } from './glyph.tsx'
import { TASK_LOOKS } from './states.tsx'
import { isOver, type TreeRow } from './task-tree.ts'

export type GanttProps = {
  readonly rows: readonly TreeRow[]
  readonly from: Date
  /** Null: the attempt runs. */
  readonly to: Date | null
  readonly now: Date
  readonly zone: string
  readonly selected: string | null
  readonly href: (task: ShownTask) => string
}

/** The tree, and beside each task its time on one axis. Places are percents, so nothing is measured by script. */
export function Gantt(props: GanttProps) {
  const axis = axisOf(props)
  return (
    <ol class="gantt">
      <li class="gh" aria-hidden="true">
        <span>Task</span>
        <span class="took">Took</span>
        <svg class="track" aria-hidden="true">
          {axis.ticks.map(({ place, word, isFine }, index) => (
            <text
              x={place}
              y="20"
              {...(index === 0 ? {} : { 'text-anchor': 'middle' })}
              {...(isFine ? { class: 'fine' } : {})}
            >
              {word}
            </text>
          ))}
        </svg>
      </li>
      {props.rows.map((row) => (
        <Row row={row} axis={axis} props={props} />
      ))}
    </ol>
  )
}

function Row({ row, axis, props }: { row: TreeRow; axis: Axis; props: GanttProps }) {
  const { task, depth, name, span } = row
  const look = TASK_LOOKS[task.state]
  const took = span === null ? '–' : sayDuration((span.to ?? props.now).getTime() - span.from.getTime())
  return (
    <li {...(task.id === props.selected ? { class: 'on' } : {})} data-task={task.id} data-state={task.state}>
      <a class={`name d${Math.min(depth, 6)}`} href={props.href(task)} title={task.fullName}>
        <Glyph name={look.glyph} tone={look.tone} />
        <span class="clip">{name}</span>
        <span class="sr">, {look.word}</span>
      </a>
      <span class="took">{took}</span>
      <svg class="track" aria-hidden="true">
        {axis.ticks.map(({ place }) => (
          <line class="tick" x1={place} x2={place} y2="30" />
        ))}
        <Bars row={row} axis={axis} now={props.now} />
        {axis.now === null ? null : <line class="now" x1={axis.now} x2={axis.now} y2="30" />}
      </svg>
    </li>
  )
}

function Bars({ row: { task, span }, axis, now }: { row: TreeRow; axis: Axis; now: Date }) {
  if (task.kind === 'group' || task.runs.length === 0) {
    if (span === null) return <Wait task={task} axis={axis} now={now} />
    return <rect class="g" {...axis.place(span.from, span.to ?? now)} y="13" height="4" rx="2" />
  }
  return (
    <>
      {task.runs.map((run, index) => (
        <rect
          class={`b is-${toneOfRun(task, run, index === task.runs.length - 1)}${run.finishedAt === null && !isOver(task.state) ? ' run-bar' : ''}`}
          {...axis.place(run.startedAt, run.finishedAt ?? (isOver(task.state) ? task.changedAt : now))}
          y="9"
          height="12"
          rx="3"
        />
      ))}
    </>
  )
}

/** It may start, and does not yet. */
function Wait({ task, axis, now }: { task: ShownTask; axis: Axis; now: Date }) {
  if (task.readyAt === null || isOver(task.state)) return null
  const { x, width } = axis.place(task.readyAt, now)
  return <line class="wait" x1={x} x2={`${Number.parseFloat(x) + Number.parseFloat(width)}%`} y1="15" y2="15" />
}

function toneOfRun(task: ShownTask, run: TaskRun, isNewest: boolean): string {
  if (isNewest) return TASK_LOOKS[task.state].tone
  return run.outcome === 'lost' ? 'lost' : 'retry'
}

type Axis = {
  /** A narrow screen has no room for the words of the fine ones. */
  readonly ticks: readonly { place: string; word: string; isFine: boolean }[]
  readonly now: string | null
  readonly place: (from: Date, to: Date) => { x: string; width: string }
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400].map(
  (s) => s * 1000,
)

/** In percent: the first word begins at its place, all others have theirs in the middle. */
const ROOM = 12
const ROOM_WHEN_NARROW = 50

/** Of places in order those that are far enough from the one before. */
function spread(places: readonly number[]): ReadonlySet<number> {
  const kept: number[] = []
  for (const place of places) if (place >= (kept.at(-1) ?? -Infinity) + ROOM_WHEN_NARROW) kept.push(place)
  return new Set(kept.filter((place) => place < 85 || kept.length === 1))
}

/** Some six marks at round times. What runs gets a tenth of room ahead. */
function axisOf({ from, to, now, zone }: GanttProps): Axis {
  const start = from.getTime()
  const length = Math.max(1000, (to ?? now).getTime() - start) * (to === null ? 1.1 : 1.02)
  const step = STEPS.find((ms) => length / ms <= 6) ?? length / 6
  const say = step < 60_000 ? clockSeconds : clock
  const percent = (ms: number) => Math.min(100, Math.max(0, ((ms - start) / length) * 100))
  const count = Math.ceil(length / step)
  const moments = Array.from({ length: count }, (_, index) => (Math.floor(start / step) + index + 1) * step)
  const shown = [start, ...moments.filter((ms) => percent(ms) > ROOM && percent(ms) < 97)]
  const coarse = spread(shown.map(percent))
  return {
    ticks: shown.map((ms) => ({
      place: asPercent(percent(ms)),
      word: say(new Date(ms), zone),
      isFine: !coarse.has(percent(ms)),
    })),
    now: to === null ? asPercent(percent(now.getTime())) : null,
    place: (first, last) => {
      const x = percent(first.getTime())
      return { x: asPercent(x), width: asPercent(Math.max(0.4, percent(last.getTime()) - x)) }
    },
  }
}

const asPercent = (number: number) => `${number.toFixed(2)}%`
