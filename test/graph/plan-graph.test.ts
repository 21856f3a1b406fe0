import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Level } from '../../src/graph/graph.ts'
import { planGraph } from '../../src/graph/plan-graph.ts'
import { planTree } from '../../src/workflow/tree.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { tree } from '../support/trees.ts'
import { allTasks, graphOf, sketch } from './sketch.ts'

describe('the graph of a workflow', () => {
  it.each<[string, string, string]>([
    [
      'has tasks in a row, groups around theirs, and the beginning of commands',
      `
+a: {sh>: ./load --all}
+g:
  +x: {echo>: 1}
  +y: {py>: m.f}
+b: {_type: sh, _command: ls}`,
      `
+wf
  +a [sh> ./load --all]
  +g after +a
    +x [echo> 1]
    +y [py> m.f] after +x
  +b [sh> ls] after +g`,
    ],
    [
      'says what is parallel, and how much at once',
      `
_parallel: true
+a: {_parallel: {limit: 2}, +x: {echo>: 1}, +y: {echo>: 1}, +z: {echo>: 1}}
+b: {echo>: 1, _after: [+a]}`,
      `
+wf (parallel)
  +a (parallel, 2 at a time)
    +x [echo> 1]
    +y [echo> 1]
    +z [echo> 1] after +x, +y
  +b [echo> 1] after +a`,
    ],
    [
      'has a background task wait for nothing',
      `
+a: {echo>: 1}
+b: {echo>: 1, _background: true}
+c: {echo>: 1}`,
      `
+wf
  +a [echo> 1]
  +b [echo> 1] (background)
  +c [echo> 1] after +a, +b`,
    ],
    [
      'puts a check between its task and what follows, and an _error beside them',
      `
+a: {sh>: a, _check: {sh>: ok}, _error: {sh>: e, _error: {echo>: both}}}
+b: {echo>: 1}`,
      `
+wf
  +a [sh> a]
  _check [sh> ok] after +a
  _error? [sh> e] after failed +a
  _error? [echo> both] after failed _error
  +b [echo> 1] after _check`,
    ],
    [
      'keeps the _error of a workflow apart',
      `
_error: {+x: {echo>: 1}, +y: {echo>: 2}}
+a: {echo>: 1}`,
      `
+wf
  +a [echo> 1]
if it fails
  _error?
    +x [echo> 1]
    +y [echo> 2] after +x`,
    ],
    [
      'says that a group has no check, as nothing else does',
      '+g: {_check: {echo>: 1}, +a: {echo>: 1}}',
      `
+wf
  +g (its _check never runs: a group has none)
    +a [echo> 1]`,
    ],
    [
      'has both branches of a condition, neither for sure',
      `
+a:
  if>: \${x}
  _do: {echo>: yes}
  _else_do: {+b: {echo>: no}, +c: {echo>: no}}`,
      `
+wf
  +a [if> \${x}]
    _do? [echo> yes]
    _else_do?
      +b [echo> no]
      +c [echo> no] after +b`,
    ],
    [
      'repeats what a loop has in it',
      `
+a: {loop>: 3, _parallel: true, _do: {+x: {echo>: 1}, +y: {echo>: 2}}}
+b: {for_each>: {f: [1, 2]}, _do: {_parallel: true, +x: {echo>: 1}}}
+c: {for_range>: {from: 0, to: 9, step: 3}, _do: {echo>: 1}}`,
      `
+wf
  +a* [loop> 3] (parallel)
    +x [echo> 1]
    +y [echo> 2] after +x
  +b* [for_each> {"f":[1,2]}] after +a
    _do (parallel)
      +x [echo> 1]
  +c* [for_range> {"from":0,"to":9,"step":3}] after +b
    _do [echo> 1]`,
    ],
    [
      'shows a disabled task, without what would be in it',
      `
+a: {_disable: true, sh>: ls, _error: {echo>: 1}}
+b: {_disable: true, +x: {echo>: 1}}
+c: {_disable: false, echo>: 1}`,
      `
+wf
  +a! [sh> ls] (disabled)
  +b! (disabled) after +a
  +c [echo> 1] after +b`,
    ],
    [
      'knows the workflow of this project that a task waits for',
      `
+a: {require>: other}
+b: {require>: other, project_name: else}
+c: {require>: "\${x}"}`,
      `
+wf
  +a [require> other] -> other
  +b [require> other] after +a
  +c [require> \${x}] after +b`,
    ],
    [
      'takes a list of mappings for one task',
      '+a: [{_export: {x: 1}}, {sh>: ls}]',
      `
+wf
  +a [sh> ls]`,
    ],
    [
      'says of a body that cannot be read that it is broken',
      '+a: {loop>: 1, _do: {+x: {sh>: a, echo>: b}}}',
      `
+wf
  +a* [loop> 1]
    _do! (broken: A task can't have more than one operator: {"sh>":"a","echo>":"b"})`,
    ],
    [
      'says what is done when it is late',
      'sla: {time: 09:00, fail: true, +tell: {echo>: late}, +ask: {sh>: ./why}}\n_error: {echo>: e}\n+a: {echo>: a}',
      `
+wf
  +a [echo> a]
if it fails
  _error? [echo> e]
if it is late
  sla? (at 09:00; fails the attempt)
    +tell [echo> late]
    +ask [sh> ./why] after +tell`,
    ],
    [
      'says when it is late',
      'sla: {duration: 01:00}\n+a: {echo>: a}',
      '\n+wf\n  +a [echo> a]\nif it is late\n  sla? (after 01:00)',
    ],
    ['is its root when there is no task', '_export: {a: 1}', '\n+wf'],
  ])('%s', (_, text, expected) => {
    expect(`\n${sketch(graphOf(text)).join('\n')}`).toBe(expected)
  })

  it('unfolds the files that it calls, from the folder where they are', () => {
    const files = {
      'wf.dig': '+a: {call>: parts/one}\n+b: {call>: plain.dig}\n+c: {call>: gone.dig}\n+d: {call>: "${x}.dig"}',
      'parts/one.dig': '_export: {_workdir: deep}\n_error: {echo>: e}\n+x: {call>: two.dig}',
      'parts/deep/two.dig': '+y: {echo>: 2}',
      'plain.dig': '_export: {z: 1}\n+p: {echo>: 1}\n+q: {echo>: 1}',
    }
    expect(sketch(graphOf(files))).toEqual([
      '+wf',
      '  +a [call> parts/one]',
      '    one.dig',
      '      +x [call> two.dig]',
      '        +y [echo> 2]',
      '    _error? [echo> e] after failed one.dig',
      '  +b [call> plain.dig] after +a',
      '    +p [echo> 1]',
      '    +q [echo> 1] after +p',
      '  +c [call> gone.dig] after +b',
      '  +d [call> ${x}.dig] after +c',
    ])
  })

  it('looks for called files in the _workdir of a task, and below it only in one that is exported', () => {
    const files = {
      'wf.dig': '+a: {call>: one, _workdir: lib}\n+b: {if>: true, _workdir: lib, _do: {call>: one}}',
      'lib/one.dig': '+x: {echo>: 1}',
      'one.dig': '+y: {echo>: 2}',
    }
    expect(sketch(graphOf(files))).toEqual([
      ...['+wf', '  +a [call> one]', '    +x [echo> 1]'],
      ...['  +b [if> true] after +a', '    _do? [call> one]', '      +y [echo> 2]'],
    ])
  })

  it('ends where calls come back to themselves, or fan out too far', () => {
    const circle = { 'wf.dig': '+a: {if>: "${x}", _do: {call>: wf.dig}}' }
    expect(sketch(graphOf(circle))).toEqual([
      '+wf',
      '  +a [if> ${x}]',
      '    _do? [call> wf.dig] (comes back to itself)',
    ])
    const fan = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [
        at === 0 ? 'wf.dig' : `f${at}.dig`,
        `+a: {call>: f${at + 1}.dig}\n+b: {call>: f${at + 1}.dig}`,
      ]),
    )
    const tasks = allTasks(graphOf(fan))
    expect(tasks.length).toBeLessThan(11_000)
    expect(tasks.some(({ marks }) => marks.includes('too much to unfold'))).toBe(true)
  })

  it('shows a command as one short line', () => {
    const wordsOf = (command: string) => allTasks(graphOf(`+a: {sh>: ${JSON.stringify(command)}}`))[1]?.operator?.words
    expect(wordsOf('')).toBe('')
    expect(wordsOf('\n\n  set -e\n\t./a\n')).toBe('set -e …')
    expect(wordsOf('a \t  b')).toBe('a b')
    expect(wordsOf('x'.repeat(10_000))).toBe(`${'x'.repeat(59)}…`)
    expect(wordsOf('\u001b[2J\u202eevil')).toBe('\\u{1b}[2J\\u{202e}evil')
  })

  it(
    'has every task of a tree once, and links that only lead forward',
    () => {
      const property = fc.property(tree, (config) => {
        const planned = planTree(config, '+wf')
        if (!planned.ok) throw new Error(planned.message)
        const graph = planGraph({ name: 'wf', config }, {})
        const names = allTasks(graph).map(({ fullName }) => fullName)
        expect(new Set(names).size).toBe(names.length)
        expect(names.filter((name) => !name.includes('^')).sort()).toEqual(
          planned.tasks.map((task) => task.fullName).sort(),
        )
        for (const level of [graph.root.inside, ...graph.besides.map(({ level }) => level)].flatMap(levels))
          for (const { from, to } of level.links) expect(from >= 0 && from < to && to < level.tasks.length).toBe(true)
      })
      fc.assert(property, effort(300))
    },
    PROPERTY_MS,
  )
})

const levels = (level: Level): Level[] => [level, ...level.tasks.flatMap(({ inside }) => levels(inside))]
