import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactNumber } from '../src/brand.ts'
import { parseJson, printJson } from '../src/json.ts'
import { effort } from './support/properties.ts'

describe('JSON', () => {
  it.each([
    ['[1.0,12345678901234567890,1.0E30,1.50,-0.0]'],
    ['{"a":{"b":[1.0,"1.0","12345678901234567890"]},"1.0":2}'],
    ['"\\u00001.0"'],
    ['{"text \\" 1.0 ":"\\\\1.0"}'],
    ['[1,2.5,1e+30,9007199254740991,0.001]'],
  ])('%s is printed as it was read', (text) => {
    expect(printJson(parseJson(text))).toBe(text)
  })

  it('counts an exact number as the double', () => {
    const [value] = parseJson('[2.0]') as [ExactNumber]
    expect([Number(value) + 1, `${value}`, JSON.stringify({ value })]).toEqual([3, '2.0', '{"value":2}'])
  })

  it.each(['{"a":1.0.0}', '[01.0]', '[1.0', '{"a":1.0,}', '-1.0e', '1.0 2.0'])('refuses %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError)
  })

  it('is that of the language where there is no exact number', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(printJson(parseJson(JSON.stringify(value)))).toBe(JSON.stringify(value))
      }),
      effort(300),
    )
  })

  it.each(['x', '1', '\\n', '\\"1.0', '1.0 '])('is read beside 16 MB of %s', (unit) => {
    const text = `{"long":"${unit.repeat((16 << 20) / unit.length)}","n":1.0}`
    expect(printJson(parseJson(text)) === text).toBe(true)
  })

  it('takes no text for a number', () => {
    const forged = new ExactNumber('1.0')
    expect(printJson([`${forged.text}"]`, forged])).toBe('["1.0\\"]",1.0]')
  })
})
