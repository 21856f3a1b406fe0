import { readFileSync } from 'node:fs'
import swc from '@swc/core'
import { describe, expect, it } from 'vitest'
import { checkFiles, type Files, show } from './projects.ts'

type Entries = Readonly<Record<string, { readonly mode: string; readonly bytes: number }>>
/** A project, and all that is said of it. */
type Row = {
  readonly title: string
  readonly files: Files
  readonly entries: Entries
  readonly said: readonly string[]
}

function readRow(block: string): Row {
  const files: Record<string, string> = {}
  const entries: Record<string, { mode: string; bytes: number }> = {}
  const said: string[] = []
  let path = 'main.dig'
  for (const line of block.split('\n')) {
    const [, name, mode, bytes] = /^@ (.*?)(?: (\d{6}) (\d+))?$/.exec(line) ?? []
    path = name ?? path
    if (mode !== undefined) entries[path] = { mode, bytes: Number(bytes) }
    if (name !== undefined) files[path] = ''
    else if (line.startsWith('| ')) files[path] = `${files[path] ?? ''}${withControls(line.slice(2))}\n`
    else said.push(line)
  }
  return { title: Object.entries(files).flat().join(' ').trimEnd(), files, entries, said }
}

const withControls = (line: string) =>
  line.replace(/\\u\{([\da-f]+)\}/g, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))

/**
 * Rows between empty lines. `@ path`, perhaps with mode and bytes, begins a file, which is main.dig where there is none, and `| ` a line of it,
 * in which `\u{9}` is a tab. What else stands there is said of the project.
 */
const short = readFileSync(new URL('messages.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n\n')
  .filter((block) => !block.startsWith('***'))
  .map(readRow)

const bomb = Array.from({ length: 8 }, (_, level) => `  a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]\n`)

const NO_KEY =
  'a task without an operator is a group, and a group has directives and +tasks only | Remove it, move it into _export, or give the task an operator such as sh>.'

/** Those that no table can show. */
const long: readonly Row[] = [
  [
    'a: ['.padEnd(104, '['),
    'main.dig:1:103 error: Nested deeper than 100 levels, which no workflow needs | Split the tree with call> or !include.',
  ],
  [
    '%a\n'.repeat(101),
    'main.dig:101:3 error: More than 100 lines begin with %, which is for directives of YAML | Put texts that begin with % in quotes.',
  ],
  [
    `_export:\n  a-1: &a-1 [${'x'.repeat(100)}]\n${bomb.join('')}`,
    'main.dig:7:17 error: Aliases and includes unfold this file to more than 2 MiB | Repeat less: a loop> or a call> says the same in one place.',
  ],
  [
    `+${'a'.repeat(255)}: {echo>: x}\n`,
    `main.dig:1:1 error: task name must not be longer than 255 characters: "+${'a'.repeat(58)}… | Use letters, digits, - _ and dots.`,
  ],
  [
    `+g:\n${Array.from({ length: 102 }, (_, at) => `  x${at}: 1\n`).join('')}`,
    ...Array.from(
      { length: 100 },
      (_, at) => `main.dig:${at + 2}:3 error: +main+g contains invalid keys: 'x${at}': ${NO_KEY}`,
    ),
    'main.dig:102:3 error: There are more problems from here on | Correct the first ones and push again.',
  ],
  [
    `_parallel: true\n${Array.from({ length: 11 }, (_, at) => `+t${at}: {echo>: x}\n`).join('')}+z: {echo>: x, _after: [+other]}\n`,
    `main.dig:13:16 error: Dependency task '+other' does not exist | Listed before this one: ${Array.from({ length: 10 }, (_, at) => `+t${at}`).join(', ')} and 1 more.`,
  ],
].map(([text = '', ...said]) => ({ title: `${text.slice(0, 20)}…`, files: { 'main.dig': text }, entries: {}, said }))

const rows = [...short, ...long]

/** What of the room check-project.ts is made of. */
function readSources(file: string, found = new Map<string, string>()): ReadonlyMap<string, string> {
  if (found.has(file)) return found
  const text = readFileSync(new URL(`../../src/workflow/${file}`, import.meta.url), 'utf8')
  found.set(file, text)
  for (const [, imported = ''] of text.matchAll(/ from '\.\/([\w-]+\.ts)'/g)) readSources(imported, found)
  return found
}

/** Digdag's words, and what the table of directives says: other tests have them. */
const OTHERS = new Set(['digdag', 'said', 'says', 'example', 'words'])

type SourceNode = {
  readonly type?: string
  readonly key?: { readonly value?: string }
  readonly id?: { readonly value?: string }
  readonly value?: string
  readonly quasis?: readonly { readonly cooked: string }[]
}
const isNode = (value: unknown): value is SourceNode => typeof value === 'object' && value !== null

/** Texts of more than a word, with `…` for what is filled in. */
function listSentences(source: string): readonly string[] {
  const found: string[] = []
  const visit = (node: SourceNode): void => {
    const { type = '', key, id, value, quasis } = node
    if (OTHERS.has(key?.value ?? id?.value ?? '') || type === 'ImportDeclaration' || type.startsWith('Ts')) return
    if (type === 'StringLiteral' && value !== undefined) found.push(value)
    if (quasis !== undefined) found.push(quasis.map(({ cooked }) => cooked).join('…'))
    for (const child of Object.values(node)) if (isNode(child)) visit(child)
  }
  visit(swc.parseSync(source, { syntax: 'typescript', target: 'es2022' }))
  return found.filter((text) => /[a-z]{2,}[^\w\n]* [^\w\n]*[a-z]|[a-z] …|… [a-z]/i.test(text))
}

/** Names of zones, and what Digdag says of it all. */
const WORDS_OF_OTHERS = new Set(['digdag-words.ts', 'zone-names.ts'])

/** What no check of a file says. */
const UNTOLD: Readonly<Record<string, readonly string[]>> = {
  'when a workflow runs': [
    'File not found: …/…',
    'The path counts from the top of the project, or from _workdir.',
    'The top of a file has directives and +tasks only.',
    "Workflow '…' includes unknown keys: […]",
    'Tasks are nested deeper than …',
    'Split the tree with call>.',
    "Parameter '…' must be an object",
    'integer (long) type',
    'array type',
  ],
  'by Digdag': [
    '[reference type, time zone]',
    '… contains invalid keys: …: "…"',
    "> Did you mean '[…]'?",
    "Parameter '…' is not used at schedule. …\n",
    'string type',
    '[reference type, text]',
  ],
  'of the names of retries and revisions': ['must not be blank'],
  'of a file without a name, which is hidden': ['must not be blank'],
  'to people': [
    'the zone … was never checked',
    'Missing closing',
    'deficient indentation',
    'being read',
    'being read',
    'being read',
  ],
}
const untold = Object.values(UNTOLD).flat()

const escapeRegExp = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
const patternOf = (text: string) => new RegExp(text.split('…').map(escapeRegExp).join('.+'), 's')

/** In how many places of the source a sentence stands, and what rows tell it. */
type Sentence = { readonly places: number; readonly rows: readonly Row[] }

function countSentences(): ReadonlyMap<string, Sentence> {
  const texts = [...readSources('check-project.ts')].flatMap(([file, source]) =>
    WORDS_OF_OTHERS.has(file) ? [] : listSentences(source),
  )
  const placesOf = (text: string, among: readonly string[]) => among.filter((one) => one === text).length
  const sentenceOf = (text: string): Sentence => ({
    places: placesOf(text, texts) - placesOf(text, untold),
    rows: rows.filter(({ said }) => said.some((one) => patternOf(text).test(one))),
  })
  return new Map([...new Set(texts)].map((text) => [text, sentenceOf(text)]))
}

describe('every message', () => {
  const sentences = countSentences()

  it.each(rows.map((row) => [row.title, row] as const))('of %s', (_, { files, entries, said }) => {
    expect(checkFiles(files, entries).problems.map(show)).toEqual(said)
  })

  it('has a row for each place of the source where it is made', () => {
    const missing = [...sentences].filter(([, { places, rows }]) => rows.length < places)
    expect(missing.map(([text, { places }]) => `${text} (${places})`)).toEqual([])
  })

  it('that needs no row is in the source', () => {
    expect(untold.filter((text) => !sentences.has(text))).toEqual([])
  })
})
