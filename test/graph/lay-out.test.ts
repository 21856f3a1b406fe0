import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldGraph } from '../../src/graph/fold-graph.ts'
import { type Box, type Drawing, type Field, layOutGraph } from '../../src/graph/lay-out.ts'
import { planGraph } from '../../src/graph/plan-graph.ts'
import type { Point, Size, Wire } from '../../src/graph/wire.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { tree } from '../support/trees.ts'
import { graphOf } from './sketch.ts'

const draw = (text: string) => layOutGraph(foldGraph(graphOf(text)))
const boxesOf = ({ boxes }: Field): readonly Box[] => boxes
const boxOf = (drawing: Drawing, name: string): Box => {
  const found = drawing.parts.flatMap(({ field }) => boxesOf(field)).find(({ task }) => task.name === name)
  if (found === undefined) throw new Error(`no box ${name}`)
  return found
}
const middle = ({ y, height }: Point & Size) => y + height / 2

describe('the layout of a graph', () => {
  it('puts what waits to the right, on one line', () => {
    const drawing = draw('+a: {sh>: a}\n+b: {sh>: b, _error: {sh>: e}}\n+c: {sh>: c, _error: {sh>: e}}\n+d: {sh>: d}')
    const row = ['+a', '+b', '+c', '+d'].map((name) => boxOf(drawing, name))
    for (const [at, box] of row.slice(1).entries())
      expect(box.x).toBeGreaterThan((row[at]?.x ?? 0) + (row[at]?.width ?? 0))
    expect(new Set(row.map(middle)).size).toBe(1)
    expect(boxOf(drawing, '_error').y).toBeGreaterThan(row[0]?.y ?? 0)
  })

  it('puts what is written first above, also when dagre does not', () => {
    const names = Array.from({ length: 30 }, (_, at) => `+t${at}`)
    const drawing = draw(`_parallel: {limit: 10}\n${names.map((name) => `${name}: {echo>: 1}\n`).join('')}`)
    const ys = names.slice(0, 10).map((name) => boxOf(drawing, name).y)
    expect(ys).toEqual([...ys].sort((a, b) => a - b))
  })

  it('makes boxes below each other equally wide, and each wide enough for its words', () => {
    const drawing = draw(`_parallel: true\n+a: {echo>: 1}\n+b: {echo>: ${'x'.repeat(30)}}`)
    expect(boxOf(drawing, '+a').width).toBe(boxOf(drawing, '+b').width)
    expect(boxOf(drawing, '+b').width).toBeGreaterThan(36 * 6.6)
  })

  it('leads a wire around what it passes', () => {
    const wide = 'x'.repeat(30)
    const rows = ['+a: {echo>: 1}', `+b: {echo>: ${wide}, _after: [+a]}`, `+c: {echo>: ${wide}, _after: [+b]}`]
    const drawing = draw(`_parallel: true\n${rows.join('\n')}\n+d: {echo>: 1}\n+e: {echo>: 1, _after: [+c, +d]}`)
    for (const { field } of drawing.parts) {
      expect(field.wires.some(({ points }) => points.length > 4)).toBe(true)
      expectOrder(field)
    }
  })

  it('puts the _error of the workflow below', () => {
    const drawing = draw('_error: {echo>: e}\n+a: {echo>: 1}')
    const [main, failure] = drawing.parts
    expect(failure?.y).toBeGreaterThanOrEqual((main?.field.y ?? 0) + (main?.field.height ?? 0))
    expect(drawing.height).toBeGreaterThan((failure?.field.y ?? 0) + (failure?.field.height ?? 0))
  })

  it('has room for a workflow without tasks', () => {
    expect(draw('_export: {a: 1}')).toMatchObject({ parts: [{ field: { boxes: [], width: 0, height: 0 } }] })
  })

  it(
    'is the same each time, overlaps nothing, and keeps everything inside',
    () => {
      const property = fc.property(tree, (config) => {
        const graph = foldGraph(planGraph({ name: 'wf', config }, {}))
        const drawing = layOutGraph(graph)
        expect(layOutGraph(graph)).toEqual(drawing)
        for (const { field } of drawing.parts) {
          expect(field.x + field.width).toBeLessThanOrEqual(drawing.width)
          expect(field.y + field.height).toBeLessThanOrEqual(drawing.height)
          expectOrder(field)
        }
      })
      fc.assert(property, effort(100))
    },
    PROPERTY_MS,
  )

  it('takes a bounded time for a workflow of any size', () => {
    const names = Array.from({ length: 1000 }, (_, at) => `+t${at}`)
    const after = (at: number) => (at === 0 ? '' : `, _after: [${names.slice(Math.max(0, at - 3), at).join(', ')}]`)
    const wide = names.map((name, at) => `${name}: {echo>: 1${after(at)}}\n`).join('')
    const row = names.map((name) => `${name}: {echo>: 1}\n`).join('')
    const graphs = [graphOf(row), graphOf(`_parallel: {limit: 30}\n${wide}`)]
    const begun = performance.now()
    for (const graph of graphs) layOutGraph(foldGraph(graph))
    expect(performance.now() - begun).toBeLessThan(20_000)
  })
})

/** Where a wire runs: level, or in a curve that leaves and comes level. */
function trace({ points }: Wire): readonly Point[] {
  return points.slice(1).flatMap((to, at) => {
    const from = points[at] ?? to
    return Array.from({ length: 21 }, (_, step) => {
      const t = step / 20
      const ease = t * t * (3 - 2 * t)
      const along = 1.5 * t * (1 - t) + t ** 3
      return { x: from.x + (to.x - from.x) * along, y: from.y + (to.y - from.y) * ease }
    })
  })
}

/** A hair: places are rounded to tenths. */
const HAIR = 0.2

function isWithin(box: Point & Size, { x, y }: Point): boolean {
  return x > box.x + HAIR && x < box.x + box.width - HAIR && y > box.y + HAIR && y < box.y + box.height - HAIR
}

function overlap(a: Point & Size, b: Point & Size): boolean {
  const [right, below] = [a.x + a.width <= b.x + HAIR, a.y + a.height <= b.y + HAIR]
  return !(right || below || b.x + b.width <= a.x + HAIR || b.y + b.height <= a.y + HAIR)
}

function expectOrder({ boxes, wires, width, height }: Field): void {
  const inTheWay = wires.flatMap(trace).find((point) => boxes.some((box) => isWithin(box, point)))
  expect(inTheWay).toBeUndefined()
  for (const [at, box] of boxes.entries()) {
    expect(box.x >= -HAIR && box.x + box.width <= width + HAIR, box.task.fullName).toBe(true)
    expect(box.y >= -HAIR && box.y + box.height <= height + HAIR, box.task.fullName).toBe(true)
    for (const other of boxes.slice(at + 1))
      expect(overlap(box, other), `${box.task.fullName} ${other.task.fullName}`).toBe(false)
    if (box.field === null) continue
    expect(box.field.x + box.field.width).toBeLessThan(box.width)
    expect(box.field.y + box.field.height).toBeLessThan(box.height)
    expectOrder(box.field)
  }
}
