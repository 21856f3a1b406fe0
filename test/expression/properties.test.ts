import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openExpressions } from '../../src/expression/sandbox.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

/** Small programs of what is dangerous: endless, greedy, deep, catastrophic, and assignments to everything in reach. */
const { expression } = fc.letrec<{ expression: string; statement: string; target: string }>((tie) => ({
  target: fc.constantFrom(
    ...['x', 'y', 'this', 'list', 'o', 'globalThis', 'Object.prototype', 'Array.prototype', 'moment', 'moment.fn'],
    ...['moment.localeData()', 'arguments.callee', 'JSON', 'String.prototype', 'Error.prototype', 'Function.prototype'],
  ),
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('1', "'x'", 'x', 'y', 'list', 'o', 'this', 'null', 'missing', '/(a+)+$/', '[]', '({})', 'moment()'),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '==', '<', '&&', ',', 'in', 'instanceof'), tie('expression'))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    fc
      .tuple(
        tie('target'),
        fc.constantFrom('leak', 'x', 'constructor', 'toString', 'length', '__proto__'),
        tie('expression'),
      )
      .map(([target, name, value]) => `(${target}.${name} = ${value})`),
    tie('expression').map((value) => `(leak = ${value})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom(
          'repeat',
          'padEnd',
          'split',
          'replaceAll',
          'matches',
          'join',
          'map',
          'sort',
          'fill',
          'concat',
          'format',
          'add',
          'toString',
          'constructor',
          'call',
        ),
        tie('expression'),
      )
      .map(([on, method, argument]) => `${on}.${method}(${argument})`),
    fc
      .tuple(
        fc.constantFrom(
          'eval',
          'Function',
          'RegExp',
          'Array',
          'Symbol',
          'template',
          'Object.keys',
          'Object.freeze',
          'JSON.stringify',
          'String',
        ),
        tie('expression'),
      )
      .map(([call, argument]) => `${call}(${argument})`),
    fc.constantFrom('new Array(1e6)', "'x'.repeat(1e6)", 'Array(3e5).fill(1)', '1e9', "'('", "'${x}'", "'for (;;);'"),
    tie('statement').map((body) => `(function f(a) { ${body} })()`),
    tie('expression').map((value) => `({ get leak() { return ${value} }, toJSON: function () { return ${value} } })`),
  ),
  statement: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('expression').map((value) => `return ${value};`),
    tie('expression').map((value) => `throw ${value};`),
    tie('statement').map((body) => `for (;;) { ${body} }`),
    fc.tuple(tie('statement'), tie('statement')).map(([one, other]) => `${one} ${other}`),
    fc.tuple(tie('statement'), tie('statement')).map(([one, other]) => `try { ${one} } catch (e) { ${other} }`),
    fc.tuple(tie('statement'), tie('statement')).map(([one, other]) => `try { ${one} } finally { ${other} }`),
    fc.constantFrom('f();', 'return f(a + a);', 'list.push(list);', 'x = x + x;', 'var leak = 1;'),
  ),
}))

const LIMIT_MS = 1000

describe('any program', () => {
  let sandbox: Awaited<ReturnType<typeof openExpressions>>
  beforeAll(async () => {
    sandbox = await openExpressions()
  })
  afterAll(() => sandbox.close())

  const params = { x: 'xx', list: [1, 2, 3], o: { a: 1 } }
  const evaluate = (code: string) => {
    const { usedMs: _, ...outcome } = sandbox.evaluate([code], { params, nearer: {} }, 'Asia/Tokyo')
    return outcome
  }
  const probe =
    "[typeof leak, typeof ({}).leak, typeof [].leak, x, y = 1, JSON.stringify(list), moment(0).format('MMMM Do HH'), Object.isExtensible(Function('return this')())].join()"

  it(
    'ends within its limits as a text or an error, and leaves nothing behind',
    () => {
      fc.assert(
        fc.property(expression, (code) => {
          const before = process.cpuUsage()
          const evaluation = evaluate(code)
          const { user, system } = process.cpuUsage(before)
          expect((user + system) / 1000).toBeLessThan(3 * LIMIT_MS)
          if (evaluation.ok) expect(evaluation.texts.map((text) => typeof text)).toEqual(['string'])
          else expect(evaluation.error).toMatch(/./)
          expect(evaluate(probe)).toEqual({
            ...{ ok: true, texts: ['undefined,undefined,undefined,xx,1,[1,2,3],January 1st 09,true'] },
          })
        }),
        effort(150),
      )
    },
    2 * PROPERTY_MS,
  )

  const piece = fc.constantFrom(
    ...'a 1 + - * < > = ! . , ? : & | % <!-- --> => ( ) [ ] { } / new in yield await let super target async this'.split(
      ' ',
    ),
    ...[' ', '\n'],
  )
  const code = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''))

  it(
    'is broken beside others as it is by itself',
    () => {
      const isBroken = (code: string) => {
        const one = evaluate(code)
        return !one.ok && one.kind === 'syntax'
      }
      fc.assert(
        fc.property(fc.array(code, { minLength: 1, maxLength: 8 }), (codes) => {
          const { broken } = sandbox.findBroken(codes)
          const alone = codes.flatMap((code, index) => (isBroken(code) ? [index] : []))
          expect(broken.map(({ index }) => index)).toEqual(alone)
          const whole = codes.filter((code) => !isBroken(code))
          expect(sandbox.findBroken(whole).broken).toEqual([])
        }),
        effort(300),
      )
    },
    PROPERTY_MS,
  )
})
