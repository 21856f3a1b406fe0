import { describe, expect, it } from 'vitest'
import { nameCallee } from '../../src/expression/name-callee.ts'

describe('what is called', () => {
  it.each([
    ['a', 'a'],
    ['1 + b.missing', '(intermediate value).missing'],
    ['o.n.x', '(intermediate value).n.x'],
    ['o . missing ', '(intermediate value).missing'],
    ["o['foo']", '(intermediate value)["foo"]'],
    ['list[5]', '(intermediate value)[5]'],
    ['o[b]', '(intermediate value)[(intermediate value)]'],
    ['this.foo', '<this>.foo'],
    ["'abc'.foo", '"abc".foo'],
    ['moment().foo', '(intermediate value)(...).foo'],
    ["word.split(' ').foo", '(intermediate value).split(...).foo'],
    ['(function () { return {} })().foo', '(intermediate value)(...).foo'],
    ['new Date().foo', '(intermediate value).foo'],
    ['[1].foo', '(intermediate value).foo'],
    ['(1 + 2).foo', '(intermediate value).foo'],
    ['(function (p) { p.q', 'p.q'],
    ['(function () { var v = {}, w = 1; w.foo', 'w.foo'],
    ['(1)', undefined],
    [').foo', '(intermediate value).foo'],
    ['', undefined],
    [`o.${' '.repeat(1e6)}foo`, 'foo'],
  ])('in %s is %s', (code, name) => {
    expect(nameCallee(code)).toBe(name)
  })
})
