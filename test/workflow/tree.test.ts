import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { planTree, unfoldTree } from '../../src/workflow/tree.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

const echo = { 'echo>': 'x' }
const INVALID = 'io.digdag.core.repository.ModelValidationException: Validating workflow failed'
const upstreamsOf = (config: JsonObject) => {
  const tree = planTree(config, '+wf')
  if (!tree.ok) return tree.message
  const name = (at: number) => tree.tasks[at]?.fullName.replace('+wf', '')
  return Object.fromEntries(tree.tasks.slice(1).map((task, at) => [name(at + 1), task.upstreams.map(name).join(' ')]))
}

describe('the task tree', () => {
  it('puts parents before children and keeps own keys, exports and tasks apart', () => {
    const config = { _export: { a: 1 }, '+g': { _retry: 2, '+t': { 'sh>': 'ls', shell: ['bash'], _export: { b: 2 } } } }
    expect(planTree(config, '+wf')).toEqual({
      ok: true,
      tasks: [
        { fullName: '+wf', parent: null, kind: 'group', config: {}, exports: { a: 1 }, upstreams: [] },
        { fullName: '+wf+g', parent: 0, kind: 'group', config: { _retry: 2 }, exports: {}, upstreams: [] },
        {
          ...{ fullName: '+wf+g+t', parent: 1, kind: 'operator', exports: { b: 2 }, upstreams: [] },
          config: { 'sh>': 'ls', shell: ['bash'] },
        },
      ],
    })
  })

  it.each<[string, JsonObject, object]>([
    ['runs tasks one after another', { '+a': echo, '+b': echo, '+c': echo }, { '+a': '', '+b': '+a', '+c': '+b' }],
    ['runs all at once', { _parallel: 'true', '+a': echo, '+b': echo }, { '+a': '', '+b': '' }],
    [
      'cuts into chunks by a limit',
      { _parallel: { limit: '2' }, '+a': echo, '+b': echo, '+c': echo, '+d': echo, '+e': echo },
      { '+a': '', '+b': '', '+c': '+a +b', '+d': '+a +b', '+e': '+c +d' },
    ],
    ['limit 1 is a sequence', { _parallel: { limit: 1 }, '+a': echo, '+b': echo }, { '+a': '', '+b': '+a' }],
    ['limit 0 is no limit', { _parallel: { limit: 0 }, '+a': echo, '+b': echo }, { '+a': '', '+b': '' }],
    [
      'lets a background task wait for nothing, and the next wait for it',
      { '+a': echo, '+b': { ...echo, _background: true }, '+c': echo, '+d': echo },
      { '+a': '', '+b': '', '+c': '+a +b', '+d': '+c' },
    ],
    [
      'waits for named tasks',
      { _parallel: true, '+a': echo, '+b': echo, '+c': { ...echo, _after: ['+a', '+b'] } },
      { '+a': '', '+b': '', '+c': '+a +b' },
    ],
    [
      'names a task twice that limit and _after both name, as Digdag does',
      { _parallel: { limit: 1 }, '+a': echo, '+b': { ...echo, _after: ['+a'] } },
      { '+a': '', '+b': '+a +a' },
    ],
    ['makes one task of a list of mappings', { '+a': [{ 'echo>': 'x' }, { _retry: 1 }] }, { '+a': '' }],
    ['empties a disabled task', { '+a': { _disable: true, '+x': echo }, '+b': echo }, { '+a': '', '+b': '+a' }],
    ['takes _type for an operator', { '+a': { _type: 'sh', _command: 'ls' } }, { '+a': '' }],
  ])('%s', (_, config, links) => {
    expect(upstreamsOf(config)).toEqual(links)
  })

  it.each<[JsonObject, string]>([
    [{ '+a': { 'sh>': 'a', 'echo>': 'b' } }, `A task can't have more than one operator: {"sh>":"a","echo>":"b"}`],
    [{ '+a': { 'sh>': 'a', '+b': echo } }, `A task can't have subtasks: {"sh>":"a"}`],
    [{ '+a': null }, "Parameter '+a' is required but null"],
    [{ '+a': 'text' }, "Parameter '+a' must be an object or array of objects"],
    [{ '+a b': echo }, `task name must not contain character ' ': "+a b"`],
    [{ '+a^b': echo }, `task name must not contain ^ character: "+a^b"`],
    [
      { '+g': { '+a/b': echo } },
      `io.digdag.core.repository.ModelValidationException: Validating workflow task failed\nname must not contain character '/': "+a/b"`,
    ],
    [{ _parallel: '${x}' }, `Expected 'true' or 'false' for key '_parallel' but got "\${x}" (string)`],
    [{ _parallel: 5 }, 'Invalid _parallel format: 5'],
    [{ _parallel: {} }, "Parameter 'limit' is required but not set"],
    [
      { _parallel: true, '+a': { ...echo, _background: true } },
      'Setting "_background: true" option is invalid (unnecessary) if its parent task has "_parallel: true" option',
    ],
    [
      { '+a': echo, '+b': { ...echo, _after: ['+a'] } },
      `Setting "_after" option is invalid if its parent task doesn't have "_parallel: true" option`,
    ],
    [{ _parallel: true, '+a': { ...echo, _after: ['+b'] }, '+b': echo }, "Dependency task '+b' does not exist"],
    [
      { _parallel: true, '+a': { ...echo, _after: [Object.create(null)] } },
      "Expected array type for key '_after' but got [{}] (array)",
    ],
    [
      { _parallel: true, '+a': echo, '+b': { ...echo, _after: '+a' } },
      `Expected array type for key '_after' but got "+a" (string)`,
    ],
    [
      { '+g': { _eror: {}, '+a': echo } },
      `${INVALID}\n+wf+g contains invalid keys: '_eror' (did you mean [_error, _export]?): "{"_eror":{}}"`,
    ],
    [{ '+a': { ...echo, _error: { '+x': null } } }, "Parameter '+x' must be an object or array of objects"],
    [{ '+a': { ...echo, _error: { foo: 1 } } }, `${INVALID}\n+wf+a^error contains invalid keys: 'foo': "{"foo":1}"`],
    [{ '+a': { ...echo, _export: 1 } }, "Parameter '_export' must be an object"],
    [{ '+a': { ...echo, _disable: 'x' } }, `Expected 'true' or 'false' for key '_disable' but got "x" (string)`],
  ])('declines %j', (config, message) => {
    expect(planTree(config, '+wf')).toEqual({ ok: false, message })
  })

  it('gives all faults at once, each with the way to it', () => {
    const { faults } = unfoldTree({ '+a': null, '+g': { _parallel: 5, '+b': 'x' } }, '+wf')
    expect(faults.map((fault) => fault.path)).toEqual([['+a'], ['+g', '+b'], ['+g', '_parallel']])
  })

  it(
    'is total: any config gives tasks or a message, and whoever is waited for comes before',
    () => {
      fc.assert(
        fc.property(anyTree(), (config) => {
          const tree = planTree(config, '+wf')
          if (!tree.ok) return tree.message.length > 0
          return tree.tasks.every((task, at) => (task.parent ?? -1) < at && task.upstreams.every((one) => one < at))
        }),
        effort(100),
      )
    },
    PROPERTY_MS,
  )
})

const anyTree = (): fc.Arbitrary<JsonObject> =>
  fc.letrec<{ task: JsonObject }>((tie) => ({
    task: fc
      .dictionary(
        fc.constantFrom(
          '+a',
          '+b',
          '+c',
          'echo>',
          '_parallel',
          '_background',
          '_after',
          '_error',
          '_export',
          '__proto__',
        ),
        fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom(true, 'x', 1, null),
          fc.constant(['+a']),
          tie('task'),
          fc.array(tie('task')),
        ),
      )
      .map((one) => one as JsonObject),
  })).task
