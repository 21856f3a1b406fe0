import { describe, expect, it } from 'vitest'
import { ExactNumber, type Json, type JsonObject } from '../../src/brand.ts'
import { OPERATORS } from '../../src/operators/all.ts'
import type { RunStep, Step } from '../../src/operators/operator.ts'
import { Refusal } from '../../src/refusal.ts'
import { OPERATOR_OPTIONS } from '../../src/workflow/directives.ts'
import { planTree } from '../../src/workflow/tree.ts'

type Given = { local?: JsonObject; params?: JsonObject; files?: Record<string, string> }

function plan(
  name: string,
  command: Json | undefined,
  { local = {}, params = {}, files = {} }: Given = {},
): Step | string {
  const operator = OPERATORS.get(name)
  try {
    const task = { command, local, params: { ...params, ...local }, fullName: '+wf+a' }
    return operator?.plan({ ...task, readProject: (path) => files[path] }) ?? 'no such operator'
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}
function run(name: string, command: Json | undefined, given?: Given): RunStep {
  const step = plan(name, command, given)
  if (typeof step === 'string' || step.kind !== 'run') throw new Error(`no run: ${JSON.stringify(step)}`)
  return step
}

const NOTHING = { kind: 'succeeded', store: {}, export: {}, reset: [], subtasks: null }

describe('operators', () => {
  it('are known to the checker with their options', () => {
    expect([...OPERATORS.keys()].filter((name) => !OPERATOR_OPTIONS.has(name))).toEqual([])
  })
})

describe('echo>', () => {
  it.each<[Json | undefined, Step | string]>([
    ['hello', { kind: 'log', text: 'hello' }],
    [1.5, { kind: 'log', text: '1.5' }],
    [new ExactNumber('1.0'), { kind: 'log', text: '1.0' }],
    ['', { kind: 'log', text: '' }],
    [undefined, "Parameter '_command' is required but not set (config)"],
    [{ a: 1 }, `Expected string type for key '_command' but got {"a":1} (object) (config)`],
  ])('of %j', (command, step) => expect(plan('echo', command)).toEqual(step))
})

describe('fail>', () => {
  it('says exactly what it was told', () => {
    expect(plan('fail', 'no data')).toEqual({ kind: 'fail', message: 'no data' })
    expect(plan('fail', undefined)).toEqual({ kind: 'fail', message: '' })
  })
})

describe('sh>', () => {
  it('runs its text as a file, with params as environment', () => {
    const params = {
      name: 'Ana',
      n: 1,
      list: [1, new ExactNumber('2.0')],
      id: new ExactNumber('12345678901234567890'),
      'not-a-name': 'x',
      ok: true,
      _export_me: 'y',
    }
    const { conclude, ...step } = run('sh', 'echo $name', { params, local: { _env: { N: 2 } } })
    expect(step).toEqual({
      kind: 'run',
      argv: ['/bin/sh', { inRun: 'runner.sh' }],
      files: { 'runner.sh': 'echo $name' },
      env: {
        ...{ name: 'Ana', n: '1', list: '[1,2.0]', id: '12345678901234567890', ok: 'true', _export_me: 'y', N: '2' },
        _env: '{"N":2}',
        SLUICE_OUTPUT: { inRun: 'output.json' },
      },
      cwd: '.',
    })
    expect(conclude(0, undefined)).toEqual(NOTHING)
    expect(conclude(3, undefined)).toEqual({
      kind: 'failed',
      error: { message: 'Command failed with code 3 (runtime)' },
    })
  })

  it('stores what it wrote to $SLUICE_OUTPUT', () => {
    const { conclude } = run('sh', 'x')
    expect(conclude(0, '{"store": {"rows": 3}, "export": {"e": 1}, "reset": ["old"]}')).toEqual({
      ...NOTHING,
      ...{ store: { rows: 3 }, export: { e: 1 }, reset: ['old'] },
    })
    expect(conclude(0, `{"store":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`)).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringMatching(/^output.json is nested deeper than 500 levels/) },
    })
    expect(conclude(0, 'rows=3')).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringMatching(/^output.json is not a JSON object/) },
    })
  })

  it.each<[Given, RunStep['argv']]>([
    [{ local: { shell: ['bash', '-e'] } }, ['bash', '-e', { inRun: 'runner.sh' }]],
    [{ params: { sh: { shell: ['/bin/bash'] } } }, ['/bin/bash', { inRun: 'runner.sh' }]],
  ])('takes its shell from %j', (given, argv) => expect(run('sh', 'x', given).argv).toEqual(argv))

  it.each<[Json | undefined, Given, string]>([
    [undefined, {}, "Parameter '_command' is required but not set (config)"],
    ['x', { params: { gone: null } }, "Parameter 'gone' is required but null (config)"],
    ['x', { local: { shell: 'bash' } }, `Expected array type for key 'shell' but got "bash" (string) (config)`],
    ['x', { local: { _env: { 'a-b': 1 } } }, 'Invalid _env key name: a-b (config)'],
    ['x', { local: { _env: { A: [1] } } }, `Expected string type for key 'A' but got [1] (array) (config)`],
    [
      'x',
      { params: { _workdir: '../..' } },
      'Working directory must not be outside of project path (<workspace>): ../.. (illegal argument)',
    ],
    ['echo ${x:-y}', {}, "Invalid parametrization: '${x:-y}' (config)"],
    ['echo ${secret:key1}', {}, "Secret not found for key: 'key1' (secret not found)"],
  ])('of %j with %j says %s', (command, given, message) => expect(plan('sh', command, given)).toBe(message))
})

describe('control operators', () => {
  const body = { 'echo>': 'x' }
  it.each<[string, Json | undefined, Given, Step | string]>([
    ['if', true, { local: { _do: body } }, { kind: 'subtasks', tree: body }],
    ['if', 'false', { local: { _do: body } }, { kind: 'nothing' }],
    ['if', '', { local: { _do: {}, _else_do: body } }, { kind: 'subtasks', tree: body }],
    [
      'if',
      '0',
      { local: { _do: body } },
      `Expected 'true' or 'false' for key '_command' but got "0" (string) (config)`,
    ],
    ['if', true, {}, 'Both _do and _else_do are not specified. (config)'],
    [
      'loop',
      '2',
      { local: { _do: body } },
      {
        kind: 'subtasks',
        tree: { '+loop-0': { ...body, _export: { i: 0 } }, '+loop-1': { ...body, _export: { i: 1 } } },
      },
    ],
    [
      'loop',
      5,
      { local: { _do: body }, params: { count: '1', _parallel: 'true' } },
      { kind: 'subtasks', tree: { _parallel: 'true', '+loop-0': { ...body, _export: { i: 0 } } } },
    ],
    ['loop', 0, { local: { _do: body } }, { kind: 'nothing' }],
    [
      'loop',
      'two',
      { local: { _do: body } },
      `Expected integer (int) type for key '_command' but got "two" (string) (config)`,
    ],
    ['loop', 1, {}, "Parameter '_do' is required but not set (config)"],
    ['loop', 99999, { local: { _do: body } }, 'Too many loop subtasks. Limit: 20000 (config)'],
    [
      'loop',
      1,
      { local: { _do: { ...body, _export: { a: 1 } } } },
      { kind: 'subtasks', tree: { '+loop-0': { ...body, _export: { a: 1, i: 0 } } } },
    ],
    [
      'for_each',
      { fruit: ['orange pear'], n: '[1, 2]' },
      { local: { _do: body } },
      {
        kind: 'subtasks',
        tree: {
          '+for-0=fruit=0=orange%20p&1=n=0=1': { ...body, _export: { fruit: 'orange pear', n: 1 } },
          '+for-0=fruit=0=orange%20p&1=n=1=2': { ...body, _export: { fruit: 'orange pear', n: 2 } },
        },
      },
    ],
    ['for_each', '{"a": []}', { local: { _do: body } }, { kind: 'nothing' }],
    ['for_each', { a: 5 }, { local: { _do: body } }, "Expected array type for key 'a' but got 5 (number) (config)"],
    [
      'for_range',
      { from: 0, to: 10, step: 7 },
      { local: { _do: body } },
      {
        kind: 'subtasks',
        tree: {
          '+range-from=0&to=7': { ...body, _export: { range: { from: 0, to: 7, index: 0 } } },
          '+range-from=7&to=10': { ...body, _export: { range: { from: 7, to: 10, index: 1 } } },
        },
      },
    ],
    [
      'for_range',
      { from: 0, to: 10 },
      { local: { _do: body } },
      'step or slices option is required for for_range (config)',
    ],
    ['wait', '10', {}, 'Invalid configuration (config)'],
  ])('%s> of %j with %j', (name, command, given, step) => expect(plan(name, command, given)).toEqual(step))

  it('name their tasks by the rules, whatever the values are', () => {
    const values = ["it's (a) *!~", 'ü+/\\ \ud800', { a: 1 }, null, '']
    const step = plan('for_each', { v: values }, { local: { _do: body } })
    if (typeof step === 'string' || step.kind !== 'subtasks') throw new Error('no subtasks')
    expect(planTree(step.tree, '+wf+a^sub')).toMatchObject({ ok: true })
  })

  it('wait> sleeps for a duration', () => {
    expect(run('wait', '1h 30m').files['wait.sh']).toContain('sleep 5400\n')
  })
})

describe('call>', () => {
  const files = {
    'other.dig': 'timezone: UTC\n_export: {a: 1}\n+x: {echo>: hi}\n',
    'sub/load.dig': '!include : part.dig\n+b: {call>: more}\n',
    'sub/part.dig': '_export: {_workdir: deep}\n+a: {echo>: part}\n',
    'broken.dig': '+x:\n  echo>: 1\n  sh>: echo 2\n',
    'odd.dig': 'schedul: {}\n',
    'bad.dig': '+a: [\n',
  }
  it.each<[string, JsonObject, Step | string]>([
    ['other', {}, { kind: 'subtasks', tree: { _export: { a: 1 }, '+x': { 'echo>': 'hi' } } }],
    [
      'sub/load.dig',
      {},
      {
        kind: 'subtasks',
        tree: { _export: { _workdir: 'sub/deep' }, '+a': { 'echo>': 'part' }, '+b': { 'call>': 'more' } },
      },
    ],
    ['../other', { _workdir: 'sub' }, { kind: 'subtasks', tree: { _export: { a: 1 }, '+x': { 'echo>': 'hi' } } }],
    ['nowhere', {}, 'File not found: <workspace>/nowhere.dig (config)'],
    ['../x', {}, 'File name must not be outside of project path (<workspace>): ../x.dig (illegal argument)'],
    ['/etc/x', {}, 'File name must not be outside of project path (<workspace>): /etc/x.dig (illegal argument)'],
    ['broken', {}, `A task can't have more than one operator: {"echo>":1,"sh>":"echo 2"} (config)`],
    ['odd', {}, "Workflow 'odd' includes unknown keys: [schedul] (config)"],
    ['bad', {}, expect.stringMatching(/^bad\.dig:1:5 Not valid YAML: /)],
  ])('of %s with %j', (command, params, step) => expect(plan('call', command, { params, files })).toEqual(step))
})
