import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import type { Conclusion } from '../../src/operators/operator.ts'
import { py } from '../../src/operators/py.ts'
import type { Word } from '../../src/spool/executor.ts'

const PROJECT = {
  'tasks.py': `
import digdag
def hello(name, greeting='hello'):
    print('%s %s' % (greeting, name))
def everything(**params):
    print(sorted(params))
def keep(rows):
    digdag.env.store({'rows': rows}, kind='csv')
    digdag.env.export(seen=True)
def more():
    digdag.env.add_subtask(hello, name='Bo')
    digdag.env.add_subtask({'echo>': 'x'})
def broken():
    raise ValueError('no data')
def leaves():
    import sys
    sys.exit(0)
def odd():
    digdag.env.store(x=object())
class Report(object):
    def __init__(self, title):
        self.title = title
    def run(self):
        print('run %s' % self.title)
    def draw(self, color):
        print('%s in %s' % (self.title, color))
    @staticmethod
    def still(color):
        print(color)
`,
  'pkg/__init__.py': '',
  'pkg/deep.py': "def go():\n    print('deep')\nclass C:\n    def m(self):\n        print('m')\n",
  'needs.py': 'import not_installed_anywhere\ndef go():\n    pass\n',
}

describe('py>', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'py-'))
    mkdirSync(join(folder, 'run'))
    mkdirSync(join(folder, 'pkg'))
    for (const [name, text] of Object.entries(PROJECT)) writeFileSync(join(folder, name), text)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** Does with the step what an executor does. */
  function run(
    command: string | undefined,
    params: JsonObject = {},
    local: JsonObject = {},
  ): { out: string; end: Conclusion } {
    const all = { ...params, ...local }
    const step = py.plan({ command, local, params: all, fullName: '+wf+a', readProject: () => undefined })
    if (step.kind !== 'run') throw new Error(step.kind)
    const place = join(folder, 'run')
    for (const [name, text] of Object.entries(step.files)) writeFileSync(join(place, name), text)
    const fill = (word: Word) => (typeof word === 'string' ? word : join(place, word.inRun))
    const [program = '', ...words] = step.argv.map(fill)
    const env = Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, fill(value)]))
    const done = spawnSync(program, words, {
      cwd: join(folder, step.cwd),
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
    })
    const output = join(place, 'output.json')
    return {
      out: done.stdout,
      end: step.conclude(done.status ?? -1, existsSync(output) ? readFileSync(output, 'utf8') : undefined),
    }
  }

  it.each<[string, JsonObject, string]>([
    ['tasks.hello', { name: 'Ana' }, 'hello Ana\n'],
    ['tasks.hello', { name: 'Ana', greeting: 'hi', unused: 1 }, 'hi Ana\n'],
    ['tasks.everything', { b: 1, a: 2 }, "['a', 'b']\n"],
    ['tasks.Report', { title: 'T' }, 'run T\n'],
    ['tasks.Report.draw', { title: 'T', color: 'red' }, 'T in red\n'],
    ['tasks.Report.still', { title: 'T', color: 'red' }, 'red\n'],
    ['pkg.deep.go', {}, 'deep\n'],
    ['pkg.deep.C.m', {}, 'm\n'],
  ])('calls %s with %j', (command, params, out) => {
    expect(run(command, params)).toMatchObject({ out, end: { kind: 'succeeded' } })
  })

  it('stores, exports and adds subtasks', () => {
    expect(run('tasks.keep', { rows: [1, 'ü'] }).end).toEqual({
      ...{
        kind: 'succeeded',
        store: { rows: [1, 'ü'], kind: 'csv' },
        export: { seen: true },
        reset: [],
        subtasks: null,
      },
    })
    expect(run('tasks.more').end).toMatchObject({
      subtasks: { '+subtask0': { name: 'Bo', 'py>': 'tasks.hello' }, '+subtask1': { 'echo>': 'x' } },
    })
  })

  it.each<[string, JsonObject, RegExp]>([
    [
      'tasks.hello',
      {},
      /^Python command failed with code 1\nError messages from python: Method 'hello' requires parameter 'name' but not set \(TypeError\)/,
    ],
    ['tasks.broken', {}, /Error messages from python: no data \(ValueError\)\n\tfrom .*tasks\.py:\d+:in broken/],
    ['tasks.nope', {}, /Module 'tasks' has no attribute 'nope' \(AttributeError\)/],
    ['nowhere.go', {}, /There is no module for 'nowhere.go'/],
    ['needs.go', {}, /No module named 'not_installed_anywhere' \(ModuleNotFoundError\)/],
    [
      'tasks.leaves',
      {},
      /Failed to call python command with code:0 Possible cause: Invalid python module call, duplicate module name with standard library \(SystemExit\)/,
    ],
    ['tasks.odd', {}, /A stored value is no JSON/],
  ])('tells why %s with %j failed', (command, params, message) => {
    expect(run(command, params).end).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringMatching(message) },
    })
  })

  it('runs a script, and sees _env', () => {
    const script = "import json, os, sys\njson.dump({'store_params': {'e': os.environ['E']}}, open(sys.argv[2], 'w'))\n"
    expect(run(undefined, {}, { script, _env: { E: 'x' } }).end).toMatchObject({ kind: 'succeeded', store: { e: 'x' } })
  })

  it('fails when a script that ends well leaves no output', () => {
    expect(run(undefined, {}, { script: 'pass' }).end).toMatchObject({
      error: {
        message: 'output.json does not exist. Something unexpected error happened. Please check logs. (runtime)',
      },
    })
  })
})
