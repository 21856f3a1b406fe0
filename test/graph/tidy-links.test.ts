import { describe, expect, it } from 'vitest'
import { tidyLinks } from '../../src/graph/tidy-links.ts'
import { graphOf } from './sketch.ts'

/** `a>b` for each link; joints are j0, j1, … */
function tidy(text: string): string {
  const level = graphOf(text).root.inside
  const { links, joints } = tidyLinks(level)
  const names = [
    ...level.tasks.map(({ name }) => name.replace('+', '')),
    ...Array.from({ length: joints }, (_, at) => `j${at}`),
  ]
  return links.map(({ from, to, on }) => `${names[from]}${on === 'error' ? '!' : '>'}${names[to]}`).join(' ')
}

describe('links as they are drawn', () => {
  it.each([
    ['a row is a row', '+a: {echo>: 1}\n+b: {echo>: 1}\n+c: {echo>: 1}', 'a>b b>c'],
    [
      'what follows from others is left out',
      '_parallel: true\n+a: {echo>: 1}\n+b: {echo>: 1, _after: [+a]}\n+c: {echo>: 1, _after: [+b]}\n+d: {echo>: 1, _after: [+a, +b, +c]}',
      'a>b b>c c>d',
    ],
    [
      'many that wait for many meet in a joint',
      `_parallel: {limit: 3}\n${'abcdefg'
        .split('')
        .map((name) => `+${name}: {echo>: 1}\n`)
        .join('')}`,
      'a>j0 b>j0 c>j0 j0>d j0>e j0>f d>g e>g f>g',
    ],
    [
      'one that waits for many needs none',
      '+a: {echo>: 1}\n+b: {echo>: 1, _background: true}\n+c: {echo>: 1}',
      'a>c b>c',
    ],
    [
      'who waits for more than its chunk has ways of its own',
      '_parallel: {limit: 2}\n+a: {echo>: 1}\n+b: {echo>: 1}\n+c: {echo>: 1}\n+d: {echo>: 1}\n+e: {echo>: 1, _after: [+a]}\n+f: {echo>: 1}',
      'a>j0 b>j0 j0>c j0>d c>j1 d>j1 j1>e j1>f',
    ],
    [
      'failures are ways of their own',
      '+a: {echo>: 1, _error: {echo>: 1}}\n+b: {echo>: 1, _error: {echo>: 1}}',
      'a>b a!_error b!_error',
    ],
  ])('%s', (_, text, expected) => {
    expect(tidy(text)).toBe(expected)
  })
})
