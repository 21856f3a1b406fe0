import { arrange } from './arrange.ts'
import type { Link } from './graph.ts'
import { type Point, round, type Size, type Wire } from './wire.ts'

/** Where the boxes of a level come to lie. */
export type Placed = Size & {
  readonly places: readonly (Point & Size)[]
  readonly joints: readonly Point[]
  readonly wires: readonly Wire[]
}

/** A box that is not fixed becomes as wide as the others in its column. */
export type Item = Size & { readonly isFixed: boolean }

const JOINT: Item = { width: 6, height: 6, isFixed: true }

export function placeLevel(boxes: readonly Item[], links: readonly Link[], joints: number): Placed {
  const { items, routes, width, height } = arrange([...boxes, ...Array(joints).fill(JOINT)], links)
  const columns = columnsOf(items)
  const spots = items.map((item) => spotOf(item, known(columns.get(item.x))))
  const wires = routes.map(({ from, to, on, points }): Wire => {
    const way = points.flatMap((point) => passColumn(columns.get(point.x), point.y))
    return { on, hasArrow: to < boxes.length, points: [...outOf(known(spots[from])), ...way, into(known(spots[to]))] }
  })
  return {
    ...{ width, height, wires },
    places: spots.slice(0, boxes.length).map(({ place }) => place),
    joints: spots.slice(boxes.length).map((spot) => ({ ...into(spot), x: spot.place.x + JOINT.width / 2 })),
  }
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a link leads to no box')
  return value
}

/** From where to where it reaches, and how wide its widest box is that is not fixed. */
type Column = { readonly left: number; readonly right: number; readonly width: number }

/** By their middles. */
function columnsOf(items: readonly (Item & Point)[]): ReadonlyMap<number, Column> {
  const columns = new Map<number, Column>()
  for (const { x, width, isFixed } of items) {
    const column = columns.get(x) ?? { left: x, right: x, width: 0 }
    columns.set(x, {
      left: Math.min(column.left, x - width / 2),
      right: Math.max(column.right, x + width / 2),
      width: isFixed ? column.width : Math.max(column.width, width),
    })
  }
  return columns
}

type Spot = { readonly place: Point & Size; readonly column: Column }

/** Boxes of a column begin at its left side. */
function spotOf({ y, width, height, isFixed }: Item & Point, column: Column): Spot {
  const size = { width: isFixed ? width : column.width, height }
  return { column, place: { x: round(column.left), y: round(y - height / 2), ...size } }
}

const outOf = ({ place: { x, y, width, height }, column }: Spot): readonly Point[] =>
  [x + width, column.right].map((at) => ({ x: round(at), y: round(y + height / 2) }))

const into = ({ place: { x, y, height } }: Spot): Point => ({ x, y: round(y + height / 2) })

/** Level, from one side of a column to the other. Between columns there is nothing to pass. */
function passColumn(column: Column | undefined, y: number): readonly Point[] {
  return column === undefined ? [] : [column.left, column.right].map((x) => ({ x: round(x), y: round(y) }))
}
