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
  const evaluate = (code: string) => {
    const { usedMs: _, ...outcome } = sandbox.evaluate([code], { params: { secret: { list: [1] } }, nearer: {} }, 'UTC')
    return outcome
  }
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

const METHODS_OF_MOMENT = ['moment', 'moment()', 'moment.utc()', 'moment.duration(1)', 'moment.localeData()'].map(
  (it) => `(function () { var names = []
    for (var o = ${it}; o && o !== Object.prototype && o !== Function.prototype; o = Object.getPrototypeOf(o))
      names = names.concat(Object.getOwnPropertyNames(o))
    return names.filter(function (name) { return typeof (${it})[name] == 'function' })
      .map(function (name) { return '${it}.' + name }).join() })()`,
)

describe('a trace of an expression', () => {
  let sandbox: Awaited<ReturnType<typeof openExpressions>>
  beforeAll(async () => {
    sandbox = await openExpressions()
  })
  afterAll(() => sandbox.close())
  const evaluate = (...codes: string[]) => {
    const { usedMs: _, ...outcome } = sandbox.evaluate(codes, { params: {}, nearer: {} }, 'UTC')
    return outcome
  }
  const textsOf = (outcome: ReturnType<typeof evaluate>) => (outcome.ok ? outcome.texts : [])
  const probe =
    "[typeof leak, typeof ({}).leak, typeof ''.leak, typeof moment.leak, typeof Math.leak, typeof moment.localeData().leak, moment(0).format('MMMM Do'), moment('Feb 3rd 2026', 'MMM Do YYYY').date(), [1].push(2), new Date(5).getTime(), 'a'.replace(/a/, 'b'), '' + {}, new Error('x').name, typeof this.leak, moment('2026-01-01T00:00:00Z').parsingFlags().unusedTokens.length, Object.keys(Object.getOwnPropertyDescriptor(globalThis, 'moment')).sort().join(), Object.isExtensible(Function('return this')())].join()"

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
    'delete moment, delete globalThis.moment',
    'Object.defineProperty(globalThis, "moment", { get: function () { return { leak: 1 } } })',
    '(0, eval)("function moment() {}")',
    'moment("2026-01-01T00:00:00Z")._pf.unusedTokens.push(1)',
    'Object.assign(moment("2026-01-01T00:00:00Z")._pf, { overflow: 2, unusedTokens: [1] })',
    'moment("2026-01-01T00:00:00Z")._locale.leak = 1',
    'moment("2026-01-01T00:00:00Z")._locale._months.push("leak")',
    'Object.defineProperty(moment.localeData(), "leak", { value: 1 })',
    '1)] } }, run: leak = 1, z() { with (this) { return [(2',
    '1)] } }).run, globalThis.leak = 1, ({ run() { with (this) { return [(2',
    '1], leak = 1, [2',
  ])('%s is not found by the next', (code) => {
    const clean =
      'undefined,undefined,undefined,undefined,undefined,undefined,January 1st,3,2,5,b,[object Object],Error,undefined,0,configurable,enumerable,value,writable,true'
    expect(evaluate(probe)).toEqual({ ok: true, texts: [clean] })
    evaluate(code)
    expect(evaluate(probe)).toEqual({ ok: true, texts: [clean] })
  })

  const count = '(function () { var n = 0; return function () { return [n++] } })()'
  it.each([
    `1)] } }, run: ${count}, z() { with (this) { return [(2`,
    `1)] } }, get run() { return ${count} }, z() { with (this) { return [(2`,
    `1)] } }).run, ${count}, ({ run() { with (this) { return [(2`,
    `1)] } }) && { run: ${count} }, ({ run() { with (this) { return [(2`,
    `1)] } }).run = ${count}; ({ run() { with (this) { return [(2`,
    `1\n)] } } }).run, ({ run: ${count} }).run //`,
    `1\n)] } } }).run, ({ run: ${count} }).run /*`,
    `1)] } } }).run, ({ run: ${count} }).run\n<!--`,
    `1], [${count}(), 2`,
    `1\n] && [${count}]\n-->`,
    `(function f() { return f.n = (f.n || 0) + 1 })()`,
    `(function f(text) { return f.seen = (text.seen = 1, text.raw.seen = 1) })\`x\``,
    `(arguments.callee.n = (arguments.callee.n || 0) + 1, arguments.callee.n)`,
    `(/a/g).exec('aa').index + /a/g.lastIndex++`,
    `class { static n = (this.n || 0) + 1 }.n`,
    `this.n = (typeof n == 'undefined' ? 0 : n) + 1`,
    `typeof Symbol.for('x').n + (Symbol.for('x').n = 1)`,
  ])('%s keeps no count from one time to the next', (code) => {
    const [first, ...others] = [evaluate(code), evaluate(code), evaluate(code)]
    expect(others).toEqual([first, first])
  })

  it('is not what a definition puts in the place of what is built in', () => {
    const [names = ''] = textsOf(evaluate('Object.getOwnPropertyNames(globalThis)'))
    const look = `${names}.map(function (name) { return typeof globalThis[name] + [String(globalThis[name]).length] })`
    const before = evaluate(look)
    expect(JSON.parse(names).length).toBeGreaterThan(40)
    for (const name of JSON.parse(names)) {
      evaluate(`Object.defineProperty(globalThis, '${name}', { value: 'leak' })`)
      evaluate(`Object.defineProperty(globalThis, ['${name}'], { value: 'leak', writable: false })`)
      evaluate(`Object.defineProperties(globalThis, { '${name}': { value: 'leak' } })`)
      evaluate(`Reflect.defineProperty(globalThis, '${name}', { value: 'leak' })`)
      evaluate(`Reflect.defineProperty(globalThis, { toString: function () { return '${name}' } }, { value: 'leak' })`)
      evaluate(`Reflect.set({}, '${name}', 'leak', globalThis)`)
      evaluate(`new (class extends (function () { return globalThis }) { '${name}' = 'leak' })`)
      evaluate(`(0, eval)('function ${name}() {}')`)
      evaluate(`({ leak: globalThis['${name}'] } = { leak: 'leak' })`)
      expect(evaluate(look)).toEqual(before)
    }
    const define = `Object.defineProperty(globalThis, 'own', { value: 5, configurable: true })`
    expect(evaluate(define, 'own')).toMatchObject({ texts: [expect.anything(), '5'] })
  })

  it('is not found in what moment keeps for itself', async () => {
    const reads = (call: string) =>
      `(function () { var n = 0, probe = { get x() { n++; return 1 }, toString: function () { n++; return 'x' }, valueOf: function () { n++; return 1 } };
        console = { warn: function () { n += 100 } }; module = { exports: {} }; require = function () { n += 100; throw 1 };
        try { ${call} } catch (e) {} return n })()`
    const names = METHODS_OF_MOMENT.flatMap((code) => evaluate(code)).flatMap((it) => (it.ok ? it.texts.join() : []))
    const methods = ['moment', ...names.join().split(',')]
    expect(methods.length).toBeGreaterThan(200)
    const fresh = await openExpressions()
    const read = (method: string) =>
      [`${method}(probe)`, `${method}('no date', undefined, probe)`, `${method}(probe, 1)`, `${method}(1, probe)`]
        .map((call) => fresh.evaluate([reads(call)], { params: {}, nearer: {} }, 'UTC'))
        .map((it) => (it.ok ? it.texts[0] : it.error))
    const before = methods.map((method) => ({ method, read: read(method) }))
    const after = methods.map((method) => ({ method, read: read(method) }))
    fresh.close()
    expect(after).toEqual(before)
  })

  it('is not memory that others lack', () => {
    const fill = (turn: number) => `moment(0).format('[' + 'y'.repeat(3e5 - ${turn}) + ']').length`
    for (let turn = 0; turn < 12; turn++) expect(evaluate(fill(turn))).toMatchObject({ ok: true })
    expect(evaluate("'x'.repeat(30e6).length")).toEqual({ ok: true, texts: ['30000000'] })
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
