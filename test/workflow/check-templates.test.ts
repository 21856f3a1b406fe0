import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { openExpressions } from '../../src/expression/sandbox.ts'
import { checkProject } from '../../src/workflow/check-project.ts'
import { evaluateTask } from '../../src/workflow/evaluate.ts'
import type { Expressions } from '../../src/workflow/workflow.ts'
import { checkFiles, type Files } from './projects.ts'

/** Every text takes 240 ms, and to compile four codes 1 ms; what has `endless` in it never ends. */
function slowExpressions() {
  const seen = { compiled: 0, params: [] as JsonObject[] }
  const expressions: Expressions = {
    findBroken(codes) {
      seen.compiled += codes.length
      const broken = codes.flatMap((code, index) => (code.includes('broken') ? [index] : [])).slice(0, 100)
      const where = { ok: false, kind: 'syntax', error: 'SyntaxError: x', line: 1, column: 1 } as const
      return { broken: broken.map((index) => ({ ...where, index })), usedMs: codes.length / 4 }
    },
    evaluate(codes, { params }) {
      seen.params.push(params)
      if (codes.some((code) => code.includes('endless')))
        return { ok: false, kind: 'limit', error: 'Error: endless', usedMs: 240 }
      return { ok: true, texts: codes, usedMs: 240 }
    },
  }
  return { seen, expressions }
}

function check(expressions: Expressions, files: Files) {
  const tree = Object.entries(files).map(([path, text]) => ({ path, mode: '100644', bytes: text.length }))
  const [texts, operators, now] = [new Map(Object.entries(files)), new Set(['echo']), new Date(0)]
  const checked = checkProject({ tree, texts, operators, expressions, now })
  if (checked.kind === 'needs') throw new Error(`needs ${checked.paths}`)
  return checked.problems
}

const echo = (codes: readonly string[]) => codes.map((code, at) => `+t${at}: {echo>: "\${${code}}"}\n`).join('')
const many = <Item>(count: number, item: (at: number) => Item) => Array.from({ length: count }, (_, at) => item(at))

describe('the check of all expressions', () => {
  it('evaluates samples for a second', () => {
    const { seen, expressions } = slowExpressions()
    const codes = [...many(100, (at) => `f(x => ${at})`), 'endless(x => 1)']
    expect(check(expressions, { 'a.dig': echo(codes) })).toEqual([])
    expect(seen).toEqual({ compiled: 101, params: Array(5).fill(expect.anything()) })
  })

  it('tells of those without an end that it sees in that time', () => {
    const { expressions } = slowExpressions()
    const codes = many(100, (at) => `endless(x => ${at})`)
    expect(check(expressions, { 'a.dig': echo(codes) }).map(({ line }) => line)).toEqual([1, 2, 3, 4, 5])
  })

  it('compiles for a second, and evaluates nothing then', () => {
    const { seen, expressions } = slowExpressions()
    check(expressions, { 'a.dig': echo(many(5000, (at) => `x => ${at}`)) })
    expect(seen.compiled).toBeGreaterThan(4000)
    expect(seen.compiled).toBeLessThan(4000 + 300)
    expect(seen.params).toEqual([])
  })

  it('compiles until a hundred are broken', () => {
    const { seen, expressions } = slowExpressions()
    expect(check(expressions, { 'a.dig': echo(many(5000, (at) => `broken ${at}`)) })).toHaveLength(100)
    expect(seen.compiled).toBeLessThan(300)
  })

  it('makes the params of a workflow once', () => {
    const { seen, expressions } = slowExpressions()
    const [a, b] = [echo(['x => 1', 'x => 2']), echo(['x => 3', 'x => 4'])]
    check(expressions, { 'a.dig': a, 'b.dig': b })
    expect(seen.params[0]).toBe(seen.params[1])
    expect(seen.params[2]).toBe(seen.params[3])
    expect(seen.params.map(({ task_name }) => task_name)).toEqual(['+a', '+a', '+b', '+b'])
  })

  const endless = (at: number) => `(function () { var a = new Array(1e6 + ${at}); for (;;) a.indexOf(1) })()`
  const short = (text: string) => (at: number) => `${text} ${at}`
  it.each<[string, string[]]>([
    ['endless ones inside one function', many(100, endless)],
    ['endless ones', many(100, (at) => `(function () { for (;;) ${at} })()`)],
    ['broken ones', many(15_000, short('b'))],
    ['broken ones after others', [...many(5000, short('b +')), ...many(5000, short('b'))]],
    ['one that is long', [`${'a+'.repeat(120_000)}1`]],
    ['one that is deep', ['['.repeat(100_000)]],
  ])('holds nobody up for %s', (_, codes) => {
    const pieces = many(Math.ceil(codes.length / 5000), (at) => echo(codes.slice(5000 * at, 5000 * (at + 1))))
    const files = Object.fromEntries(pieces.map((text, at) => [`f${at}.dig`, text]))
    const plain = Object.fromEntries(pieces.map((text, at) => [`f${at}.dig`, text.replaceAll('$', 'S')]))
    const base = cpuOf(() => checkFiles(plain))
    expect(cpuOf(() => checkFiles(files)) - base).toBeLessThan(3000)
  })
})

function cpuOf(work: () => unknown): number {
  const before = process.cpuUsage() // the processor's time: on a busy machine the wall's says nothing
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('the expressions of a task', () => {
  let sandbox: Awaited<ReturnType<typeof openExpressions>>
  beforeAll(async () => {
    sandbox = await openExpressions()
  })
  afterAll(() => sandbox.close())

  const texts = (count: number, code = (at: number) => `${at}`) =>
    Object.fromEntries(many(count, (at) => [`k${at}`, `\${${code(at)}}`]))

  it.each([
    ['their own keys', { config: texts(100), params: {} }],
    ['params', { config: {}, params: texts(100) }],
    ['a list', { config: { list: Object.values(texts(100)) }, params: {} }],
    ['both', { config: texts(4), params: { deep: { er: Object.values(texts(96, (at) => `${at + 4}`)) } } }],
  ])('have two seconds together, in %s', (_, { config, params }) => {
    const { seen, expressions } = slowExpressions()
    expect(evaluateTask({ config, params, expressions, timezone: 'UTC' })).toEqual({
      ok: false,
      message: expect.stringMatching(
        /^Failed to evaluate a variable \$\{\d+\} \(Error: the expressions of the task ran for more than 2000 ms\) \(config\)$/,
      ),
    })
    expect(seen.params).toHaveLength(9)
  })

  it('have them for each task', () => {
    const { expressions } = slowExpressions()
    const run = () => evaluateTask({ config: texts(8), params: {}, expressions, timezone: 'UTC' })
    expect([run(), run()]).toEqual(Array(2).fill(expect.objectContaining({ ok: true })))
  })

  it('fail with what is wrong, also after the time of all', () => {
    const { expressions } = slowExpressions()
    const config = { ...texts(8), last: '${endless}' }
    expect(evaluateTask({ config, params: {}, expressions, timezone: 'UTC' })).toMatchObject({
      message: 'Failed to evaluate a variable ${endless} (Error: endless) (config)',
    })
  })

  it('hold up nobody for longer', () => {
    const loop = (at: number) => `(function () { for (var i = ${at}; i < 1e6; i++); return i })()`
    const run = () => evaluateTask({ config: texts(1000, loop), params: {}, expressions: sandbox, timezone: 'UTC' })
    expect(cpuOf(run)).toBeLessThan(4000)
  })

  it('cost nothing where there are none', () => {
    const config = Object.fromEntries(many(20_000, (at) => [`k${at}`, '$']))
    const run = () => evaluateTask({ config, params: {}, expressions: sandbox, timezone: 'UTC' })
    expect(cpuOf(run)).toBeLessThan(2000)
  })
})
