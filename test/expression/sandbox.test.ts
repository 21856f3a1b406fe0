import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openExpressions } from '../../src/expression/sandbox.ts'

describe('the expression sandbox', () => {
  let sandbox: Awaited<ReturnType<typeof openExpressions>>
  beforeAll(async () => {
    sandbox = await openExpressions()
  })
  afterAll(() => sandbox.close())
  const evaluate = (code: string, scope = {}, zone = 'UTC') => sandbox.evaluate(code, scope, zone)

  it.each([
    ['1 + 1', 2],
    ["'a' + b", 'aB'],
    ["this['a-b']", 'dashed'],
    ['{a: 1}.a', 1],
    ['undefined', null],
    ['nothing', null],
    ['[1, 2]', [1, 2]],
    ['0 / 0', null],
    ['new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['(function () {})', 'undefined'],
    ['list.length', 3],
    ['b // a comment', 'B'],
  ])('gives %s', (code, value) => {
    const scope = { b: 'B', 'a-b': 'dashed', nothing: null, list: [1, 2, 3] }
    expect(evaluate(code, scope)).toEqual({ ok: true, value })
  })

  it.each([
    ["'a.b'.contains('.')", true],
    ["'abab'.replaceAll('[ab]', 'x')", 'xxxx'],
    ["'abab'.replaceAll(/a/g, 'x')", 'xbxb'],
    ["'abab'.replaceFirst('b', 'x')", 'axab'],
    ["'2026'.matches('[0-9]+')", true],
    ["''.isEmpty()", true],
    ["'a'.equals('a')", true],
    ["'a'.compareTo('c')", -2],
    ["'hello'.hashCode()", 99162322],
    ["' a '.strip()", 'a'],
  ])('has the methods of Java strings: %s', (code, value) => {
    expect(evaluate(code)).toEqual({ ok: true, value })
  })

  it.each([
    ["moment(session_time).format('YYYY-MM-DD HH:mm')", 'Asia/Tokyo', '2016-01-30 17:00'],
    ["moment(session_time).add(1, 'day').format()", 'Asia/Tokyo', '2016-01-31T17:00:00+09:00'],
    ["moment('2026-03-07T12:00:00').add(1, 'day').format()", 'America/New_York', '2026-03-08T12:00:00-04:00'],
    ["moment('bogus', 'MMM D').isValid()", 'UTC', false],
    ["moment('Feb 3 2026', 'MMM D YYYY').format('l')", 'UTC', '2/3/2026'],
    ['moment(0).format()', '+09:00', '1970-01-01T09:00:00+09:00'],
    ['moment.utc(0).format()', 'Asia/Tokyo', '1970-01-01T00:00:00Z'],
    ['new Date(0).getHours()', 'Asia/Tokyo', 9],
    ['new Date(2026, 0, 1).toISOString()', 'Asia/Tokyo', '2025-12-31T15:00:00.000Z'],
    ["moment.duration(90, 'minutes').humanize()", 'UTC', '2 hours'],
  ])('%s in %s', (code, zone, value) => {
    expect(evaluate(code, { session_time: '2016-01-30T00:00:00-08:00' }, zone)).toEqual({ ok: true, value })
  })

  it.each([
    ['x', 'thrown', 'ReferenceError: x is not defined'],
    ['undefined.c', 'thrown', "TypeError: Cannot read property 'c' of undefined"],
    ["(function () { throw new Error('own text') })()", 'thrown', 'Error: own text'],
    ["(function () { throw 'text' })()", 'thrown', 'Error: text'],
    [' ', 'syntax', expect.stringMatching(/^SyntaxError: /)],
    ['1 +', 'syntax', expect.stringMatching(/^SyntaxError: /)],
    ['while (true) {}', 'syntax', expect.stringMatching(/^SyntaxError: /)],
    ['(function f() { return f() })()', 'thrown', 'RangeError: the expression calls itself too deeply'],
    ["'x'.repeat(2000000)", 'thrown', 'RangeError: the result is longer than 1 MiB'],
  ])('says of %s what is wrong', (code, kind, error) => {
    expect(evaluate(code)).toEqual({ ok: false, kind, error })
  })

  it.each([
    '(function () { while (true) {} })()',
    "/(a+)+$/.test('a'.repeat(40) + 'b')",
    '[].indexOf.call({ length: 9007199254740991 }, 1)',
    'new Array(4294967295).indexOf(1)',
    'new Array(4294967295).join()',
    'Array.from({ length: 1e9 })',
    '[[]].concat(new Array(4294967295))',
    '[new Array(4294967295)].flat()',
    '(function () { var all = []; while (true) all.push(new Array(1000).fill(1)) })()',
    "'x'.repeat(1e9)",
    "(function () { var s = 'x'; while (true) s += s })()",
    '(function () { try { while (true) {} } catch (e) { return 1 } finally { while (true) {} } })()',
  ])('stops %s in time, and works on', (code) => {
    const before = process.cpuUsage() // the processor's time: on a busy machine the wall's says nothing
    expect(evaluate(code)).toMatchObject({ ok: false })
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(3000)
    expect(evaluate('1 + 1')).toEqual({ ok: true, value: 2 })
  })

  it.each([
    "this.constructor.constructor('return process')()",
    "moment.constructor('return process')()",
    "(function () {}).constructor('return globalThis.process.env')()",
    "eval('require')('fs')",
    'require',
    'process',
    "import('fs')",
    'fetch',
    'WebAssembly',
    'SharedArrayBuffer',
    'console',
    'setTimeout',
    '(function () { return arguments.callee.caller.caller })()',
  ])('reaches nothing of the host by %s', (code) => {
    const evaluation = evaluate(code)
    expect(evaluation.ok ? evaluation.value : null).toSatisfy(
      (value) => value === null || JSON.stringify(value) === '{}',
    )
  })

  it.each([
    'leak = 1',
    'globalThis.leak = 1',
    'Object.prototype.leak = 1',
    'Array.prototype.push = 1',
    'JSON.parse = function () { return { leak: 1 } }',
    'String.prototype.leak = 1',
    'moment.leak = 1',
    'moment.fn.format = function () { return 1 }',
    'moment.fn.__proto__ = { leak: 1 }',
    "moment.updateLocale('en', { months: [] })",
    'moment.localeData().months = function () { return 1 }',
    'moment.localeData().leak = 1',
    'moment.localeData().__proto__.leak = 1',
    'moment.localeData()._config.leak = 1',
    'Date.prototype.getTime = function () { return 0 }',
    'RegExp.prototype.exec = function () { return null }',
    'Object.setPrototypeOf(Math, { leak: 1 })',
    '(function* () {}).__proto__.leak = 1',
    '[][Symbol.iterator]().__proto__.leak = 1',
    'eval("var leak = 1")',
    '(0, eval)("var leak = 1")',
  ])('keeps no trace of %s', (code) => {
    const probe =
      "[typeof leak, typeof ({}).leak, typeof ''.leak, typeof moment.leak, typeof Math.leak, typeof moment.localeData().leak, moment(0).format('MMMM'), [1].push(2), new Date(5).getTime(), 'a'.replace(/a/, 'b')].join()"
    evaluate(code)
    expect(evaluate(probe)).toEqual({
      ok: true,
      value: 'undefined,undefined,undefined,undefined,undefined,undefined,January,2,5,b',
    })
  })

  it('outlives many limits in a row', () => {
    for (let turn = 0; turn < 5; turn++) expect(evaluate("'x'.repeat(1e9)")).toMatchObject({ ok: false })
    for (let turn = 0; turn < 3; turn++)
      expect(evaluate('(function () { for (;;) {} })()')).toMatchObject({ ok: false, kind: 'limit' })
    expect(evaluate("moment(0).format('YYYY')")).toEqual({ ok: true, value: '1970' })
  })
})
