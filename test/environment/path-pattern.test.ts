import { describe, expect, it } from 'vitest'
import { matchesPath, readIgnore } from '../../src/environment/path-pattern.ts'
import { readDockerfile } from '../../src/environment/user-dockerfile.ts'

describe('a pattern of paths', () => {
  it.each([
    ['.', 'a/b', true],
    ['/a', 'a/b', true],
    ['a/', 'ab', false],
    ['*.txt', 'a.txt', true],
    ['*.txt', 'd/a.txt', false],
    ['**/*.txt', 'd/e/a.txt', true],
    ['**/lib', 'mylib', false],
    ['a?c', 'abc', true],
    ['[a-c].py', 'b.py', true],
    ['a.b', 'axb', false],
    ['(x)+', '(x)+', true],
  ])('%s and %s: %s', (pattern, path, is) => {
    expect(matchesPath(pattern, path)).toBe(is)
  })
})

describe('.dockerignore', () => {
  it('is decided by its last line that matches', () => {
    const isIgnored = readIgnore('# all\n*\n!keep\nkeep/not\n')
    expect(['a', 'keep/a', 'keep/not/b'].map(isIgnored)).toEqual([true, false, true])
  })
})

describe('a Dockerfile of the user', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['FROM a AS one\nFROM b\nCOPY --from=one /x /x\n', ['a', 'b'], []],
    ['from a as one\nfrom ONE\ncopy a b/ /x\n', ['a'], ['a', 'b/']],
    ['FROM a\n# COPY no /x\nCOPY a \\\n  ./b \\\n  /x\n', ['a'], ['a', 'b']],
    ['FROM a\nCOPY ["a b", "/x"]\nADD https://x/y /z\n', ['a'], ['a b']],
    ['FROM a\nCOPY $WHAT /x\n', ['a'], ['./']],
    ['FROM a\nCOPY . /x\nCOPY y /x\n', ['a'], ['./']],
    ['FROM scratch\nADD --chown=1:1 x.tar /\n', [], ['x.tar']],
  ])('%j', (text, from, copies) => {
    expect(readDockerfile(text)).toEqual({ from, copies })
  })
})
