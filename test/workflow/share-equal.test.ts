import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactNumber, type Json, type JsonObject } from '../../src/brand.ts'
import { printJson } from '../../src/json.ts'
import { shareEqual } from '../../src/workflow/share-equal.ts'
import { effort } from '../support/properties.ts'

const copyOf = <Copied>(value: Copied): Copied => structuredClone(value)

describe('equal parts', () => {
  it.each<[string, Json]>([
    ['a mapping', { limit: 3, interval: 60 }],
    ['a list', ['jp', 'us', 'de']],
    ['what holds others', { country: ['jp', 'us'], of: { table: 'a table of twenty letters' } }],
    ['an empty mapping', {}],
    ['an empty list', []],
  ])('become one: %s', (_, part) => {
    const { a, b } = shareEqual({ a: copyOf(part), b: copyOf(part) })
    expect(a).toBe(b)
    expect(a).toEqual(part)
  })

  it.each<[string, Json, Json]>([
    ['values', { a: 1 }, { a: 2 }],
    ['types', { a: 1 }, { a: '1' }],
    ['true and its name', [true], ['true']],
    ['nothing and its name', [null], ['null']],
    ['order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['a list and a mapping', ['x'], { 0: 'x' }],
    ['an empty list and an empty mapping', [], {}],
    ['texts that hold what separates', { a: 'x,b:y' }, { a: 'x', b: 'y' }],
    ['names that hold what separates', { 'a:=1,b': 2 }, { a: 1, b: 2 }],
    ['numbers as they are written', [new ExactNumber('1.0')], [1]],
    ['long texts', ['x'.repeat(100)], ['x'.repeat(100)]],
  ])('are no others: %s', (_, one, other) => {
    const { a, b } = shareEqual({ a: one, b: other })
    expect(a).not.toBe(b)
    expect(printJson({ a, b })).toBe(printJson({ a: one, b: other }))
  })

  it('keep the order and the values of all', () => {
    const json = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Json>(null, true, 1, 2, '', '1', 'null', 'a', 'b', 'x'.repeat(60)),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', '0', '1', '__proto__', ':'), tie('json'), { maxKeys: 3 }),
      ),
    })).json
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), json), (config) => {
        const text = JSON.stringify(config)
        expect(JSON.stringify(shareEqual(JSON.parse(text) as JsonObject))).toBe(text)
      }),
      effort(500),
    )
  })
})
