import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldGraph } from '../../src/graph/fold-graph.ts'
import { planGraph } from '../../src/graph/plan-graph.ts'
import { writeMermaid } from '../../src/graph/write-mermaid.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { tree } from '../support/trees.ts'
import { HOSTILE_CONFIG, HOSTILE_WORDS } from './hostile.ts'
import { graphOf } from './sketch.ts'

describe('a graph for Mermaid', () => {
  it('has frames for groups, arrows for what waits, and classes for what may not run', () => {
    const text = `
_error: {echo>: e}
+a: {sh>: ./a, _error: {echo>: no}}
+l: {loop>: 2, _do: {echo>: "\${i}"}}
+g: {_parallel: {limit: 2}, +x: {echo>: 1}, +y: {echo>: 1}, +z: {echo>: 1, _disable: true}, +q: {echo>: 1}}`
    expect(writeMermaid(graphOf(text))).toBe(`flowchart LR
  subgraph t0["+wf"]
    direction LR
    t1["+a<br/>sh#62; .#47;a"]
    t2["_error<br/>echo#62; no"]
    class t2 maybe
    subgraph t3["+l, loop#62; 2"]
      direction LR
      t4["_do<br/>echo#62; #36;#123;i#125;"]
    end
    class t3 repeated
    subgraph t5["+g, parallel, 2 at a time"]
      direction LR
      t6["+x<br/>echo#62; 1"]
      t7["+y<br/>echo#62; 1"]
      t8["+z<br/>echo#62; 1<br/>disabled"]
      class t8 never
      t9["+q<br/>echo#62; 1"]
      t10((" "))
      t6 --> t10
      t7 --> t10
      t10 --> t8
      t10 --> t9
    end
    t1 --> t3
    t3 --> t5
    t1 -.-> t2
  end
  subgraph t11["If it fails"]
    direction LR
    t12["_error<br/>echo#62; e"]
    class t12 maybe
  end
  classDef maybe stroke-dasharray: 4 3
  classDef never stroke-dasharray: 1 3,opacity: 0.6
  classDef repeated stroke-width: 4px
`)
  })

  it('takes no word of a workflow for its own', () => {
    expectOurs(writeMermaid(foldGraph(planGraph({ name: HOSTILE_WORDS[1] ?? '', config: HOSTILE_CONFIG }, {}))))
  })

  it(
    'consists of our own lines whatever the words are, and names each node before it leads to it',
    () => {
      const words = fc.string({ unit: 'binary', maxLength: 60 })
      const property = fc.property(tree, words, (config, word) => {
        const named = {
          ...config,
          [`+${word}`]: { [`${word}>`]: word },
          '+do': { 'loop>': word, _do: { 'echo>': word } },
        }
        expectOurs(writeMermaid(planGraph({ name: word, config: named }, {})))
      })
      fc.assert(property, effort(200))
    },
    PROPERTY_MS,
  )
})

const LABEL = /^"(?:[\p{L}\p{N} _.,+=-]|#\d+;|<br\/>)*"$/u

function expectOurs(text: string): void {
  const known = new Set<string>()
  let depth = 0
  for (const line of text.trimEnd().split('\n').slice(1)) {
    const [, node, label] = /^ +(?:subgraph )?(t\d+)(?:\[(.*)\]|\(\(" "\)\))$/.exec(line) ?? []
    const [, from, to] = /^ +(t\d+) -[-.]+> (t\d+)$/.exec(line) ?? []
    if (/^ +subgraph /.test(line)) depth++
    if (/^ +end$/.test(line)) depth--
    if (node !== undefined) known.add(node)
    if (label !== undefined) expect(label).toMatch(LABEL)
    if (from !== undefined) expect([known.has(from), known.has(to ?? '')]).toEqual([true, true])
    else if (node === undefined)
      expect(line).toMatch(/^ +(direction LR|end|class t\d+ (maybe|never|repeated)|classDef [a-z]+ [a-z0-9:, .-]+)$/)
  }
  expect(depth).toBe(0)
}
