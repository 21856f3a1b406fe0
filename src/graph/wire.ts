import type { Link } from './graph.ts'

export type Point = { readonly x: number; readonly y: number }
export type Size = { readonly width: number; readonly height: number }

/** From the right side of one box to the left side of another, over the points between them. */
export type Wire = { readonly points: readonly Point[]; readonly on: Link['on']; readonly hasArrow: boolean }

/** In numbers of SVG's path: level where it passes boxes, curved in the gaps between them. */
export function wirePath({ points: [start, ...others], hasArrow }: Wire): string {
  let [path, last] = [`M${start?.x} ${start?.y}`, start]
  for (const point of others) {
    path += last?.y === point.y ? `H${point.x}` : curve(last ?? point, point)
    last = point
  }
  return hasArrow && last !== undefined ? `${path}m-5-3.5 5 3.5-5 3.5` : path
}

function curve(from: Point, to: Point): string {
  const middle = round((from.x + to.x) / 2)
  return `C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`
}

export const round = (pixels: number): number => Math.round(pixels * 10) / 10
