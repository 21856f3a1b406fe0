import { readFileSync } from 'node:fs'
import vm from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openExpressions } from '../../src/expression/sandbox.ts'

type Attempt = { readonly code: string; readonly gives?: string; readonly fails?: string }
const families: readonly { readonly family: string; readonly attempts: readonly Attempt[] }[] = JSON.parse(
  readFileSync(new URL('escapes.json', import.meta.url), 'utf8'),
)
const CANARY = 'the host was reached'

/** Of the kinds that were published for other engines: a sandbox that shares objects with its host is left by most of them. */
describe('an escape', () => {
  let sandbox: Awaited<ReturnType<typeof openExpressions>>
  beforeAll(async () => {
    process.env.CANARY = CANARY
    sandbox = await openExpressions()
  })
  afterAll(() => {
    sandbox.close()
    delete process.env.CANARY
  })
  const evaluate = (code: string) => sandbox.evaluate([code], { params: { secret: { list: [1] } }, nearer: {} }, 'UTC')
  const host = () => JSON.stringify([process.env.CANARY, Object.keys(globalThis), Reflect.ownKeys(Object.prototype)])

  it.each(families)('by $family reaches nothing', ({ attempts }) => {
    const before = host()
    for (const { code, gives, fails } of attempts) {
      const evaluation = evaluate(code)
      const seen = evaluation.ok
        ? { gives: evaluation.texts[0] }
        : { fails: evaluation.kind === 'syntax' ? 'SyntaxError' : evaluation.error }
      expect({ code, ...seen }).toEqual(gives === undefined ? { code, fails } : { code, gives })
      expect(JSON.stringify(evaluation)).not.toContain(CANARY)
      expect(host()).toBe(before)
    }
    expect(evaluate('typeof ({}).escaped + typeof escaped + [1].map(String)')).toEqual({
      ...{ ok: true, texts: ['undefinedundefined1'] },
    })
  })

  it('would be seen: the same texts reach the host from node:vm', () => {
    const known = families.flatMap(({ attempts }) => attempts.map(({ code }) => code))
    const classics = known.filter((code) => /^(this|secret)\S*constructor/.test(code) && code.includes('env.CANARY'))
    expect(classics.length).toBeGreaterThan(3)
    for (const code of classics)
      expect(vm.runInNewContext(`(function () { return (${code}) }).call(secret)`, { secret: { list: [1] } })).toBe(
        CANARY,
      )
    expect(known.length).toBe(237)
  })
})

describe('a trace of an expression', () => {
  let sandbox: Awaited<ReturnType<typeof openExpressions>>
  beforeAll(async () => {
    sandbox = await openExpressions()
  })
  afterAll(() => sandbox.close())
  const evaluate = (...codes: string[]) => sandbox.evaluate(codes, { params: {}, nearer: {} }, 'UTC')
  const probe =
    "[typeof leak, typeof ({}).leak, typeof ''.leak, typeof moment.leak, typeof Math.leak, typeof moment.localeData().leak, moment(0).format('MMMM Do'), moment('Feb 3rd 2026', 'MMM Do YYYY').date(), [1].push(2), new Date(5).getTime(), 'a'.replace(/a/, 'b'), '' + {}, new Error('x').name, typeof this.leak, Object.isExtensible(Function('return this')())].join()"

  it.each([
    'leak = 1',
    'globalThis.leak = 1',
    'Object.defineProperty(globalThis, "leak", { value: 1 })',
    'Object.freeze(globalThis)',
    'Object.setPrototypeOf(globalThis, { leak: 1 })',
    '__proto__.leak = 1',
    'this.leak = 1',
    'Object.prototype.leak = 1',
    'Object.prototype.toString = function () { return 1 }',
    'Object.getOwnPropertyDescriptor(Object.prototype, "toString").set.call(Object.prototype, 1)',
    'Object.getOwnPropertyDescriptor(Object.prototype, "toString").get.leak = 1',
    'Array.prototype.push = 1',
    'JSON.parse = function () { return { leak: 1 } }',
    'String.prototype.leak = 1',
    'moment = { leak: 1 }',
    'moment.leak = 1',
    'moment.fn.format = function () { return 1 }',
    'moment.fn.__proto__ = { leak: 1 }',
    "moment.updateLocale('en', { months: [] })",
    'moment.localeData().months = function () { return 1 }',
    'moment.localeData().leak = 1',
    'moment.localeData().__proto__.leak = 1',
    'moment.localeData()._config.leak = 1',
    'moment.localeData()._longDateFormat.LT = "x"',
    'Object.values(moment.localeData()).forEach(function (it) { try { it.compile("x") } catch (e) {} })',
    'Object.freeze(moment.localeData())',
    'Object.preventExtensions(moment.localeData())',
    'Object.defineProperty(moment.localeData(), "_months", { value: [], configurable: false })',
    'Object.setPrototypeOf(moment.localeData(), { leak: 1 })',
    'Object.values(moment.localeData()).forEach(function (it) { if (it instanceof RegExp) it.lastIndex = 5 })',
    'Error.prototype.name = "leak"',
    'Date.prototype.getTime = function () { return 0 }',
    'RegExp.prototype.exec = function () { return null }',
    'Object.setPrototypeOf(Math, { leak: 1 })',
    '(function* () {}).__proto__.leak = 1',
    '[][Symbol.iterator]().__proto__.leak = 1',
    'arguments.callee.leak = 1',
    'eval("var leak = 1")',
    '(0, eval)("var leak = 1")',
    '(0, eval)("function leak() {}")',
    '(0, eval)("let leak = 1")',
    'Function("leak = 1")()',
    'java.lang.String.leak = 1',
    'template.leak = 1, load.leak = 1',
    'template("${leak = 1}", {})',
    'Symbol.for("leak").description.leak = 1',
    '(function () { leak = 1; throw 1 })()',
    '(function () { leak = 1; for (;;) {} })()',
  ])('%s is not found by the next', (code) => {
    const clean =
      'undefined,undefined,undefined,undefined,undefined,undefined,January 1st,3,2,5,b,[object Object],Error,undefined,true'
    expect(evaluate(probe)).toEqual({ ok: true, texts: [clean] })
    evaluate(code)
    expect(evaluate(probe)).toEqual({ ok: true, texts: [clean] })
  })

  it('is found by the later expressions of the same text', () => {
    expect(evaluate('x = 5', 'x + 1', 'delete x', 'typeof x')).toEqual({
      ok: true,
      texts: ['5', '6', 'true', 'undefined'],
    })
    expect(evaluate('typeof x')).toEqual({ ok: true, texts: ['undefined'] })
  })

  it('may be made in objects of its own, also where a frozen one has the name', () => {
    const codes = [
      "(function () { var o = {}; o.toString = function () { return 'own' }; return '' + o })()",
      "(function () { var e = new TypeError('x'); e.message = 'mine'; return e.message })()",
      '(function () { function A() {} A.prototype.constructor = A; return new A().constructor === A })()',
      '(constructor = 5, constructor)',
    ]
    expect(evaluate(...codes)).toEqual({ ok: true, texts: ['own', 'mine', 'true', '5'] })
  })
})
