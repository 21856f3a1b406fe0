import { describe, expect, it } from 'vitest'
import { parseSearch } from '../../../src/http/flower/search.ts'

const any = (text: string) => ({ field: null, text })

describe('a search in the language of Flower', () => {
  it.each([
    ['', { all: [] }],
    ['  boom ', any('boom')],
    ['bad row', { all: [any('bad'), any('row')] }],
    ['bad AND row', { all: [any('bad'), any('row')] }],
    ['"bad row"', any('bad row')],
    ['name:"my task"x', { field: 'name', text: 'my taskx' }],
    [
      'Name:load UUID:0000',
      {
        all: [
          { field: 'name', text: 'load' },
          { field: 'uuid', text: '0000' },
        ],
      },
    ],
    ['state:FAILURE', { field: 'state', text: 'FAILURE' }],
    ['kwargs:a=1', { field: 'kwargs', text: 'a=1' }],
    ['http://host', any('http://host')],
    ['bad OR row load', { any: [any('bad'), { all: [any('row'), any('load')] }] }],
    ['(bad OR row) load', { all: [{ any: [any('bad'), any('row')] }, any('load')] }],
    ['(((((bad)))))', any('bad')],
    ['"AND" one', { all: [any('AND'), any('one')] }],
    ['a\\"b "c\\\\d e"', { all: [any('a"b'), any('c\\d e')] }],
    ['C:\\temp', any('C:\\temp')],
    ['bad(row)', { all: [any('bad'), any('row')] }],
  ])('is read: %s', (text, expected) => {
    expect(parseSearch(text)).toEqual(expected)
  })

  it.each([
    ['bad OR', 'OR must be followed by a search term at position 4'],
    ['bad AND OR row', 'AND must be followed by a search term at position 4'],
    ['OR bad', "Expected a search term instead of 'OR' at position 0"],
    ['(bad', 'A parenthesis is not closed at position 0'],
    ['bad)', "Unexpected ')' at position 3"],
    ['bad ()', 'Nothing stands in the parentheses at position 4'],
    ['((((((bad))))))', 'Parentheses are more than 5 deep at position 5'],
    ['bad "row', 'A quote is not closed after position 3'],
    ['"bad\\"', 'A quote is not closed after position 0'],
    ['""', 'Expected a word to look for at position 0'],
    ['name:', 'Expected a word to look for at position 0'],
    ['ab', "A word to look for has at least 3 characters: 'ab' at position 0"],
    ['name:ab', "A word to look for has at least 3 characters: 'ab' at position 0"],
    ['bad NOT row', 'NOT is not supported at position 4'],
    ['-bad', "'-' before a word is not supported at position 0"],
    ['x'.repeat(2_049), 'A search has at most 2048 characters'],
    ['a '.repeat(129), 'A search has at most 128 words and parentheses'],
  ])('is refused in words: %s', (text, problem) => {
    expect(parseSearch(text)).toEqual({ problem })
  })

  it('is read in a moment, however it was made to be slow', () => {
    const before = performance.now()
    for (const text of ['\\"'.repeat(1_000), '"\\'.repeat(1_000), `"${'\\\\'.repeat(1_000)}`, '('.repeat(2_000)])
      expect(parseSearch(text)).toBeDefined()
    expect(performance.now() - before).toBeLessThan(500)
  })
})
