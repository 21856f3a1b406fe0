import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactNumber, type Json, type JsonObject } from '../../src/brand.ts'
import { printJson } from '../../src/json.ts'
import { loadFile } from '../../src/workflow/load-file.ts'
import { plainMap } from '../../src/workflow/located.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { type Dice, printYaml } from './print-yaml.ts'
import { checkFiles, type Files, show } from './projects.ts'

/** Loaded, before anything is checked; texts of problems when it cannot be. */
function load(files: Files): string {
  const { root, problems } = loadFile('main.dig', (path) => ({ kind: 'text', text: files[path] ?? '' }))
  return root === null ? problems.map(show).join('\n') : printJson(plainMap(root))
}

/** The stored config of a project's one workflow. */
function store(files: Files): string {
  const { workflows, problems } = checkFiles(files)
  return workflows[0] === undefined ? problems.map(show).join('\n') : printJson(workflows[0].config)
}

const dice = fc.array(fc.nat(5039), { minLength: 1, maxLength: 60 }).map((rolls): (() => Dice) => () => {
  let at = 0
  return (sides) => (rolls[at++ % rolls.length] ?? 0) % sides
})

/** Of which some are no texts in YAML 1.1, or 1.2, or here, when they stand without quotes, and others break out of where they stand. */
const ODD_TEXTS = [
  ...'~ null Null true True TRUE yes No on off y = << - -- --- ... 10:00 07:00:00 1:30.5 1_000 0x1f 0b11 010 08'.split(
    ' ',
  ),
  ...'0.5 -0.25 .5 1e3 1.0 .inf -.inf .nan 12345678901234567890 +1 2026-01-01 10% !include &a *a a: #a a#b'.split(' '),
  ...`[ ] { } , @x \`x\` ' " it''s \\ \\n \${greeting} 日本 é 🚀 \u0085 \u2028 \ufeff \u00a0 \u001b[0m \u007f`.split(
    ' ',
  ),
  ...['', ' ', '1h 30m', '!!str x', '? x', ': ', 'a: b', 'a #b', '%YAML 1.2', ' a', 'a ', '\ta', 'a\t', '$$ ${1 + 1}'],
  ...[
    'a\nb',
    'a\n',
    'a\n\n',
    '\na',
    '  a\nb',
    'a\n  b\n',
    'a\n\n\nb',
    'a\n \nb',
    '\n',
    'a\r\nb',
    'a\rb',
    '# a\nb',
    '- a\n- b\n',
  ],
]
/** Everything but NUL and what says that bytes were no UTF-8, which are refused. */
const text = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc
    .oneof(...(['grapheme', 'binary'] as const).map((unit) => fc.string({ unit, maxLength: 12 })))
    .map((drawn) => drawn.replaceAll(/[\0\ufffd]/g, '')),
  fc
    .array(fc.constantFrom('a', 'b ', ' c', '', 'd: e', '# f', '- g'), { maxLength: 6 })
    .map((lines) => lines.join('\n')),
)

const asNumber = (written: string) => (String(Number(written)) === written ? Number(written) : new ExactNumber(written))
const digits = (maxLength: number) => fc.stringMatching(/^(?:0|[0-9]*[1-9])$/).map((drawn) => drawn.slice(-maxLength))
const sign = fc.constantFrom('', '-')
/** As Java writes them: what is stored is never written otherwise. */
const number = fc.oneof(
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((drawn) => asNumber(String(drawn))),
  fc.integer().map((drawn) => asNumber(String(drawn))),
  fc
    .tuple(sign, fc.integer({ min: 1, max: 9_999_999 }), digits(7))
    .map(([minus, whole, part]) => asNumber(`${minus}${whole}.${part}`)),
  fc
    .tuple(sign, fc.integer({ min: 1, max: 9 }), digits(12))
    .map(([minus, tenth, part]) => asNumber(`${minus}0.${tenth}${part.replace(/^0$/, '')}`)),
  fc
    .tuple(
      sign,
      fc.integer({ min: 1, max: 9 }),
      digits(14),
      fc.oneof(fc.integer({ min: 7, max: 300 }), fc.integer({ min: -300, max: -4 })),
    )
    .map(([minus, whole, part, exponent]) => asNumber(`${minus}${whole}.${part}E${exponent}`)),
  fc.constantFrom(new ExactNumber('0.0'), new ExactNumber('-0.0')),
)

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd', 'e', '__proto__', 'constructor', '7', '-7', 'sh>', '+a'),
  text,
)
const { value, mapping } = fc.letrec<{ value: Json; mapping: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.constantFrom(null, true, false),
    number,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('mapping'),
  ),
  mapping: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 5 })
    .map((entries): JsonObject => Object.fromEntries(entries)),
}))

/** What no task takes for an operator, a task or a directive. */
const param = name.filter((drawn) => !/^[+_]|>$|^!include$/.test(drawn))
const params = fc
  .array(fc.tuple(param, value), { maxLength: 3 })
  .map((entries): JsonObject => Object.fromEntries(entries))
const optional = (directives: Readonly<Record<string, fc.Arbitrary<Json>>>) =>
  fc.record(directives, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<JsonObject>

const leaf = fc.oneof(
  fc.record({ 'echo>': value }),
  fc.record({ 'sh>': text, shell: fc.array(text, { maxLength: 3 }) }),
  fc.record({ _type: fc.constant('py'), _command: text }),
)
const { task, tasks } = fc.letrec<{ task: JsonObject; tasks: JsonObject }>((tie) => {
  const bodies = fc.oneof(
    fc.record({ 'for_each>': mapping, _do: tie('task') }),
    fc.record({ 'if>': text, _do: tie('task'), _else_do: tie('task') }),
    leaf.chain((one) => fc.record({ _error: tie('task'), _check: tie('task') }).map((more) => ({ ...one, ...more }))),
  )
  const own = optional({
    ...{ _export: mapping, _retry: fc.constantFrom(2, { limit: 3, interval: 1 }), _disable: fc.constant(false) },
    ...{ _env: mapping, _workdir: text.filter((one) => one !== ''), docker: mapping, _timeout: fc.constant('1h 30m') },
    ...{ _queue: fc.constant('gpu'), _resources: fc.constant({ memory: '2g', cpus: 1.5 }) },
  })
  const shared = optional({
    ...{ _export: mapping, _parallel: fc.constantFrom<Json[]>(true, 'true', { limit: 2 }), _retry: fc.constant(1) },
    ...{ _error: leaf, _concurrency: fc.constant({ key: 'k', limit: 1 }) },
  })
  const join = (parts: readonly JsonObject[]): JsonObject => Object.assign({}, ...parts)
  return {
    task: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.tuple(params, leaf, own).map(join),
      fc.tuple(own, bodies, params).map(join),
      fc.tuple(shared, tie('tasks')).map(join),
    ),
    tasks: fc
      .array(fc.tuple(fc.stringMatching(/^\+[\w.,@=&-]{1,8}$/), tie('task')), { maxLength: 3 })
      .map((entries): JsonObject => Object.fromEntries(entries)),
  }
})
/** As it is stored: in this order, with its zone elsewhere and without exports of nothing. */
const workflow = fc
  .tuple(
    optional({
      _export: mapping.filter((drawn) => Object.keys(drawn).length > 0),
      schedule: fc.constantFrom({ 'daily>': '07:00:00' }, { 'cron>': '*/5 * * * *', skip_on_overtime: true }),
      sla: fc.constant({ time: '09:00', '+late': { 'echo>': 'late' } }),
      _error: task,
      _retry: fc.constant(1),
      _parallel: fc.constantFrom<Json[]>(true, { limit: 2 }),
      _timeout: fc.constant('2h'),
      _queue: fc.constant('gpu'),
      _notify: fc.constant({ on: ['failure'] }),
    }),
    tasks,
  )
  .map(([directives, children]): JsonObject => ({ ...directives, ...children }))

describe('YAML', () => {
  it(
    'is read as what it was printed from, however that was',
    () => {
      fc.assert(
        fc.property(mapping, dice, (config, rolls) => {
          const files = printYaml('main.dig', config, rolls())
          expect(load(files), Object.values(files).join('\n=====\n')).toBe(printJson(config))
        }),
        effort(400),
      )
    },
    PROPERTY_MS,
  )

  it(
    'of a workflow is stored in the same order, and what is stored is stored so again',
    () => {
      fc.assert(
        fc.property(workflow, dice, (config, rolls) => {
          const files = printYaml('main.dig', config, rolls())
          expect(store(files), Object.values(files).join('\n=====\n')).toBe(printJson(config))
        }),
        effort(150),
      )
    },
    PROPERTY_MS,
  )

  it(
    'may be JSON, but for numbers that begin with 0. and letters that cannot be printed',
    () => {
      fc.assert(
        fc.property(mapping, fc.constantFrom(0, 1, 2), (config, indent) => {
          const json = printJson(config, indent)
          fc.pre(!/[\x7f-\x9f]/.test(json) && !/(?<!["\w.])-?0\.\d/.test(json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')))
          expect(load({ 'main.dig': json }), json).toBe(printJson(config))
        }),
        effort(200),
      )
    },
    PROPERTY_MS,
  )
})
