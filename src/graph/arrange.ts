import { Graph as Dagre, layout } from '@dagrejs/dagre'
import type { Link } from './graph.ts'
import type { Point, Size } from './wire.ts'

/** Items with their middles: what waits stands to the right of what it waits for. */
export type Arranged<Item> = Size & {
  readonly items: readonly (Item & Point)[]
  /** Of each link the points between its ends: one in the middle of each column that it passes, and some between columns. */
  readonly routes: readonly (Link & { readonly points: readonly Point[] })[]
}

const GAP = 14
const BETWEEN_COLUMNS = 44
/** Of a link from the start: what waits for nothing stands at the very left, however late somebody waits for it. */
const AT_ONCE = 100

export function arrange<Item extends Size>(items: readonly Item[], links: readonly Link[]): Arranged<Item> {
  if (items.length === 0) return { items: [], routes: [], width: 0, height: 0 }
  const failures = links.filter(({ on }) => on === 'error')
  const graph = new Dagre()
  graph.setGraph({ rankdir: 'LR', nodesep: GAP, edgesep: GAP, ranksep: BETWEEN_COLUMNS })
  if (failures.length > 0) graph.graph().align = 'UL' // what goes well stays on one line, what goes wrong hangs below it
  for (const [at, { width, height }] of items.entries()) graph.setNode(`${at}`, { width, height })
  for (const { from, to } of links) graph.setEdge(`${from}`, `${to}`, {})
  graph.setNode('start', { width: 0, height: 0 })
  for (const source of sourcesOf(items, links)) graph.setEdge('start', `${source}`, { weight: AT_ONCE })
  layout(graph, { constraints: failures.flatMap((failure) => below(failure, links)) })
  const { width, height } = graph.graph()
  const fromLeft = ({ x, y }: Point): Point => ({ x: x - BETWEEN_COLUMNS, y })
  const arranged = {
    ...{ width: width - BETWEEN_COLUMNS, height },
    items: items.map((item, at) => ({ ...item, ...fromLeft(graph.node(`${at}`)) })),
    routes: links.map((link) => ({
      ...link,
      points: graph.edge(`${link.from}`, `${link.to}`).points.slice(1, -1).map(fromLeft),
    })),
  }
  return isUpsideDown(arranged, new Set(failures.map(({ to }) => to))) ? flip(arranged) : arranged
}

/** In a layout from left to right, what dagre calls left is above. */
const below = (failure: Link, links: readonly Link[]) =>
  links
    .filter(({ from, on }) => from === failure.from && on === 'success')
    .map(({ to }) => ({ left: `${to}`, right: `${failure.to}` }))

function sourcesOf(items: readonly unknown[], links: readonly Link[]): readonly number[] {
  const waiting = new Set(links.map(({ to }) => to))
  return [...items.keys()].filter((at) => !waiting.has(at))
}

/** What is written first is to stand above, and no layout cares. */
function isUpsideDown({ items }: Arranged<unknown>, failures: ReadonlySet<number>): boolean {
  const last = new Map<number, number>()
  let downward = 0
  for (const [at, { x, y }] of items.entries()) {
    if (failures.has(at)) continue
    downward += Math.sign(y - (last.get(x) ?? y))
    last.set(x, y)
  }
  return downward < 0
}

function flip<Item>({ items, routes, ...size }: Arranged<Item>): Arranged<Item> {
  const turn = <P extends Point>(point: P): P => ({ ...point, y: size.height - point.y })
  return {
    ...size,
    items: items.map(turn),
    routes: routes.map((route) => ({ ...route, points: route.points.map(turn) })),
  }
}
