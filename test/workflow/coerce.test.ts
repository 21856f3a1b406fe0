import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/brand.ts'
import { readBoolean, readInteger, readList, readLong, readObject, readText } from '../../src/workflow/coerce.ts'

/** What a real Digdag 0.10.5 takes and refuses, asked with if>, loop>, echo>, for_range> and for_each>. */
describe('a value', () => {
  const refused = (expected: string, got: string) => ({ ok: false, message: `${expected} for key 'k' but got ${got}` })
  const is = <Value>(value: Value) => ({ ok: true, value })
  const boolean = "Expected 'true' or 'false'"
  const integer = 'Expected integer (int) type'
  const notSet = { ok: false, message: "Parameter 'k' is required but not set" }
  const isNull = { ok: false, message: "Parameter 'k' is required but null" }

  it.each<[Json | undefined, object]>([
    [true, is(true)],
    ['true', is(true)],
    ['true ', is(true)],
    [' TRUE', is(true)],
    ['False', is(false)],
    ['', is(false)],
    [' ', is(false)],
    ['null', is(false)],
    [0, is(false)],
    [2, is(true)],
    [-1, is(true)],
    [1.5, refused(boolean, '1.5 (number)')],
    ['tRue', refused(boolean, '"tRue" (string)')],
    ['1', refused(boolean, '"1" (string)')],
    ['0', refused(boolean, '"0" (string)')],
    ['yes', refused(boolean, '"yes" (string)')],
    [[], refused(boolean, '[] (array)')],
    [{}, refused(boolean, '{} (object)')],
    [undefined, notSet],
    [null, isNull],
  ])('%j is read as a boolean', (value, read) => {
    expect(readBoolean('k', value)).toEqual(read)
  })

  it.each<[Json | undefined, object]>([
    ['2', is(2)],
    [' 2 ', is(2)],
    ['+2', is(2)],
    ['-1', is(-1)],
    ['', is(0)],
    [' ', is(0)],
    ['null', is(0)],
    [2.9, is(2)],
    ['2147483647', is(2147483647)],
    ['2147483648', refused(integer, '"2147483648" (string)')],
    [99999999999, refused(integer, '99999999999 (number)')],
    ['2.7', refused(integer, '"2.7" (string)')],
    ['1e1', refused(integer, '"1e1" (string)')],
    ['0x2', refused(integer, '"0x2" (string)')],
    ['two', refused(integer, '"two" (string)')],
    [true, refused(integer, 'true (boolean)')],
    [[1], refused(integer, '[1] (array)')],
    [{ a: 1 }, refused(integer, '{"a":1} (object)')],
    [undefined, notSet],
    [null, isNull],
  ])('%j is read as an integer', (value, read) => {
    expect(readInteger('k', value)).toEqual(read)
  })

  it.each<[Json, object]>([
    ['2147483648', is(2147483648)],
    [99999999999, is(99999999999)],
    ['two', refused('Expected integer (long) type', '"two" (string)')],
    [2 ** 60, refused('Expected integer (long) type', '1152921504606847000 (number)')],
  ])('%j is read as a long one', (value, read) => {
    expect(readLong('k', value)).toEqual(read)
  })

  it.each<[Json | undefined, object]>([
    ['x', is('x')],
    [1.5, is('1.5')],
    [true, is('true')],
    [[1], refused('Expected string type', '[1] (array)')],
    [{ a: 'x'.repeat(120) }, refused('Expected string type', `{"a":"${'x'.repeat(91)}... (object)`)],
    [undefined, notSet],
  ])('%j is read as a text', (value, read) => {
    expect(readText('k', value)).toEqual(read)
  })

  it.each<[Json, object]>([
    [[1], is([1])],
    ['[1, "a"]', is([1, 'a'])],
    [' [1]', is([1])],
    ['1', refused('Expected array type', '1 (number)')],
    ['{}', refused('Expected array type', '{} (object)')],
    ['"x"', refused('Expected array type', '"x" (string)')],
    ['not json', refused('Expected array type', '"not json" (string)')],
    [null, isNull],
  ])('%j is read as a list', (value, read) => {
    expect(readList('k', value)).toEqual(read)
  })

  it.each<[Json, object]>([
    [{ a: 1 }, is({ a: 1 })],
    ['{"a": 1}', is({ a: 1 })],
    ['[1]', { ok: false, message: "Parameter 'k' must be an object" }],
    ['x', { ok: false, message: "Parameter 'k' must be an object" }],
    [null, isNull],
  ])('%j is read as an object', (value, read) => {
    expect(readObject('k', value)).toEqual(read)
  })
})
