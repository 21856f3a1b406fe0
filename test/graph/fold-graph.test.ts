import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldGraph, MOST_SIBLINGS, MOST_TASKS } from '../../src/graph/fold-graph.ts'
import { countLevel, type GraphTask, type Level } from '../../src/graph/graph.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { allTasks, graphOf, sketch } from './sketch.ts'

const tasks = (count: number, indent = '') =>
  Array.from({ length: count }, (_, at) => `${indent}+t${at}: {echo>: ${at}}\n`).join('')
const groups = (count: number, size: number) =>
  Array.from({ length: count }, (_, at) => `+g${at}:\n${tasks(size, '  ')}`).join('')

describe('a folded graph', () => {
  it('is the graph itself as long as it is small', () => {
    const graph = graphOf(`_error: {echo>: 1}\n${groups(5, 30)}`)
    expect(foldGraph(graph)).toEqual(graph)
  })

  it('shows the first and the last of many beside each other, and how many are between', () => {
    const lines = sketch(foldGraph(graphOf(tasks(1000))))
    expect(lines).toHaveLength(1 + MOST_SIBLINGS)
    expect(lines.slice(20, 23)).toEqual([
      '  +t19 [echo> 19] after +t18',
      '  … (961 tasks more; +t20 to +t980) after +t19',
      '  +t981 [echo> 981] after …',
    ])
  })

  it('leads what waits for one in the middle to the middle, each way once', () => {
    const lines = sketch(foldGraph(graphOf(`_parallel: {limit: 30}\n${tasks(90)}`)))
    expect(lines[21]).toMatch(/^ {2}… \(51 tasks more; \+t20 to \+t70\) after \+t0, .*\+t19$/)
    expect(lines.at(-1)).toBe('  +t89 [echo> 89] after …')
  })

  it('opens groups from the outside as long as there is room, and counts what is in the others', () => {
    const lines = sketch(foldGraph(graphOf(groups(30, 20))))
    expect(lines).toHaveLength(1 + 30 + 8 * 20)
    expect(lines.at(-1)).toBe('  +g29 (20 tasks inside) after +g28')
  })

  it(
    'never has more than can be drawn, has links that lead forward, and accounts for every task',
    () => {
      const shapes = fc.array(fc.nat(120), { minLength: 1, maxLength: 60 })
      const property = fc.property(shapes, (sizes) => {
        const graph = graphOf(
          sizes.map((size, at) => `+g${at}: {${size % 2 ? '_parallel: {limit: 7}, ' : ''}${inside(size)}}\n`).join(''),
        )
        const folded = foldGraph(graph)
        expect(allTasks(folded).length).toBeLessThanOrEqual(1 + MOST_TASKS)
        for (const level of levelsOf(folded.root))
          for (const [at, { from, to }] of level.links.entries()) {
            expect(from < to && to < level.tasks.length).toBe(true)
            expect(level.links.findIndex((link) => link.from === from && link.to === to)).toBe(at)
          }
        const hidden = allTasks(folded)
          .map(hiddenIn)
          .reduce((sum, some) => sum + some, 0)
        expect(countLevel(folded.root.inside) + hidden).toBe(countLevel(graph.root.inside))
      })
      fc.assert(property, effort(30))
    },
    PROPERTY_MS,
  )
})

const inside = (size: number) =>
  Array.from({ length: size }, (_, at) => `+t${at}: {echo>: 1${at >= size % 2 ? ', _error: {echo>: 1}' : ''}}`).join(
    ', ',
  )

/** What a task says that it stands for; the one in the middle of a list is itself none. */
function hiddenIn({ name, marks }: GraphTask): number {
  const [, count] =
    /^([\d,]+) tasks? (?:more|inside)$/.exec(marks.find((mark) => / (more|inside)$/.test(mark)) ?? '') ?? []
  return count === undefined ? 0 : Number(count.replaceAll(',', '')) - (name === '…' ? 1 : 0)
}

const levelsOf = ({ inside }: GraphTask): Level[] => [inside, ...inside.tasks.flatMap(levelsOf)]
