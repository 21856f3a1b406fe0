import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleProject } from '../../bench/sample-project.ts'
import type { Node } from '../../src/workflow/node.ts'
import { parseQuickly } from '../../src/workflow/parse-quickly.ts'
import { parseThoroughly } from '../../src/workflow/parse-thoroughly.ts'
import { MAP, SEQ } from '../../src/workflow/yaml-types.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

/** What both parsers must say of a node: not where lists and mappings begin, nor where texts end, which are places for people alone. */
function outline(node: Node | null): unknown {
  if (node === null) return null
  if (node.kind === 'alias') return ['*', node.name, node.start]
  const own = [node.anchor, MEANS_NOTHING.has(node.tag?.name) ? undefined : node.tag?.name]
  if (node.kind === 'list') return [...own, node.items.map(outline)]
  if (node.kind === 'map') return [...own, node.pairs.map(({ key, value }) => [outline(key), outline(value)])]
  return [...own, node.text, node.isPlain, node.text === '' ? 'anywhere' : node.start]
}

/** The library takes `!` for the one that fits. */
const MEANS_NOTHING: ReadonlySet<string | undefined> = new Set([MAP, SEQ])

/** Undefined for what it declines. */
function readThoroughly(text: string): unknown {
  const parsed = parseThoroughly(text)
  return 'root' in parsed ? outline(parsed.root) : undefined
}

const reference = readFileSync(new URL('reference.dig', import.meta.url), 'utf8')

const named = (texts: readonly string[]) => texts.map((text) => [JSON.stringify(text).slice(0, 60), text] as const)

const RIGHT: readonly string[] = [
  reference,
  ...sampleProject(3, 50).values(),
  '# nothing\n',
  '---\na: 1\n',
  '? a\n: b\n',
  'a: &x [1, {b: c}]\nd: *x\n*x : e\n',
  'a:\n  &x b: c\n',
  'a: !!set {b, c}\n!include : d\n',
  'a: !<tag:yaml.org,2002:int> "1"\nb: ! c\n',
  'a: |2 # c\n    b\n\nc: >-\n  d\n  e\n',
  'a: # |\n  |\n  b\n',
  'a: |\n  b',
  'a: |\n  b\n  ',
  "a: \"b\n  c\\n\"\nd: 'e''f'\n",
  '- a\n-\n- - b\n',
  '{a, b: , c: d}\n',
  '!!map\n: a\n',
  '- [a]\n- |\n  b\n- {}\n- # c\n  >\n  d\n',
  'a: !!int  5\nb: !<tag:yaml.org,2002:int>\n  # c\n  6\n',
  'a: b\r\nc: |\r\n  d\r\n',
  'a: "\u2028"\n',
]

/** Of these js-yaml takes some without a word, though they are wrong; others are right. */
const LEFT: readonly string[] = [
  'a: b: c\n',
  'a: &x b: c\n',
  'a:\n  !!str &x b: c\n',
  'a:\n  !include &x : b\n',
  'a: "\\U99999999"\n',
  'a: "b\\\n\n  c"\n',
  'a: !!%73tr 5\n',
  `&x ${'k'.repeat(1023)}: b\n`,
  'a: !include : b\n',
  '- a: &x b: c\n',
  'a: &x[1]\n',
  'a: !{}\n',
  'a:\n\t\nb: c\n',
  ' ---\na: b\n',
  ' %YAML 1.1\n---\na: b\n',
  '%TAG !e! tag:yaml.org,2002:\n---\na: !e!int "3"\n',
  '...\na: b\n',
  'a: b\n---\nc: d\n',
  `${'k'.repeat(1025)}: b\n`,
  `a: ${'['.repeat(101)}${']'.repeat(101)}\n`,
  `a: [${'\n1,'.repeat(60)}]\n`,
  `a: [${'b,'.repeat(100_000)}${'\n1,'.repeat(9)}]\n`,
  'a: [1\n---b]\n',
  'a: [b\n?c]\n',
  'a: "\n',
]

describe('the quick parser', () => {
  it.each(named(RIGHT))('reads %s as the thorough one does', (_, text) => {
    const root = parseQuickly(text)
    expect(root).toBeDefined()
    expect(outline(root ?? null)).toEqual(readThoroughly(text))
  })

  it.each(named(LEFT))('leaves %s to the thorough one', (_, text) => expect(parseQuickly(text)).toBeUndefined())

  it('tells where a tag stands as the thorough one does', () => {
    const text = 'a: !!int  5\nb: !<tag:yaml.org,2002:int>\n  # c\n  6\n'
    const tagsOf = (root: Node | null | undefined) =>
      root?.kind === 'map' ? root.pairs.map(({ value }) => (value.kind === 'alias' ? undefined : value.tag)) : []
    const parsed = parseThoroughly(text)
    const tags = tagsOf(parseQuickly(text))
    expect(tags.map((tag) => tag?.start)).toEqual([3, 15])
    expect('root' in parsed ? tagsOf(parsed.root) : []).toEqual(tags)
  })

  it.each([
    ['a: "b"\nc: |\n  d\ne: [f, *g]\n', '"a" "a" "\\"" "c" "|" "e" "[" "f" "*"'],
    ['- [a] # |\n- |\n  b\n', '"-" "[" "a" "|"'],
    ['a: {b: [1], : c}\n', '"a" "a" "{" "b" "[" "1" ":" "c"'],
    ['a: b # c\n: d\n', '"a" "a" "b" ":" "d"'],
    ['a: # c\nd:\n', '"a" "a" " " "d" "\\n"'],
    ['- # c\n-\n- a\n', '"-" " " "\\n" "a"'],
  ])('tells where everything of %j stands', (text, letters) => {
    const starts: number[] = []
    const visit = (node: Node): void => {
      starts.push(node.start)
      if (node.kind === 'list') node.items.forEach(visit)
      if (node.kind === 'map') for (const { key, value } of node.pairs) [key, value].forEach(visit)
    }
    const root = parseQuickly(text)
    if (root) visit(root)
    expect(starts.map((start) => JSON.stringify(text[start])).join(' ')).toBe(letters)
  })

  it(
    'means the same by whatever both take',
    () => {
      const lines = [...RIGHT, ...LEFT].flatMap((text) => text.split(/\r?\n/)).filter((line) => line.length < 100)
      const pieces = [
        ': ',
        '- ',
        ' ',
        '  ',
        '&a ',
        '*a',
        '!!str ',
        '!include : ',
        '"',
        "'",
        '[',
        ']',
        '{',
        '}',
        ', ',
        ' #',
      ]
      const line = fc
        .tuple(fc.nat(3), fc.constantFrom(...lines), fc.constantFrom('', ...pieces), fc.nat(60))
        .map(([indent, drawn, piece, at]) => `${' '.repeat(indent * 2)}${drawn.slice(0, at)}${piece}${drawn.slice(at)}`)
      const text = fc.array(line, { minLength: 1, maxLength: 6 }).map((drawn) => `${drawn.join('\n')}\n`)
      let both = 0
      fc.assert(
        fc.property(text, (drawn) => {
          const [quick, thorough] = [parseQuickly(drawn), readThoroughly(drawn)]
          if (quick === undefined || thorough === undefined) return
          both++
          expect(outline(quick)).toEqual(thorough)
        }),
        effort(3000),
      )
      expect(both).toBeGreaterThan(200)
    },
    PROPERTY_MS,
  )
})
