import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { printJson } from '../../src/json.ts'
import { sayAsDigdag } from '../../src/workflow/digdag-words.ts'
import { checkFiles, type Files } from './projects.ts'

/** What Digdag 0.10.5 answered to the push of small projects. `<…>` stands for what comes from its libraries; `<500>` is a fault of its own. */
type Recorded = {
  /** A text is main.dig. */
  readonly files: string | Files
  readonly stored?: string
  /** UTC without it. */
  readonly timezone?: string
  readonly declined?: string
}

/** Where Sluice answers otherwise on purpose, and why. */
const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  'it takes what newer YAML takes: tabs between words, `?` and `:` at the beginning of words, odd anchors, escapes of JSON':
    [
      ...['bytes: tab after a colon', 'bytes: tab in a flow', 'bytes: tab before a comment', 'bytes: escapes'],
      ...[
        'scalar: plain with odd characters',
        'scalar: question mark in a flow',
        'flow: url',
        'flow: nested key over lines',
      ],
      ...['block: anchor with a dot', 'block: anchor with a colon', 'bytes: next line', 'bytes: line separator'],
    ],
  'it declines what newer YAML declines: a comment without a space, a list of signs, a line with % below the first': [
    ...['block: comment without a space', 'block: directive after content', 'int: signs'],
  ],
  'it declines what nobody means: a date as milliseconds, a list for a key, a key twice in a set': [
    ...['timestamp: tag', 'tag: timestamp forms', 'key: list', 'key: mapping', 'tag: set nested'],
  ],
  'it declines texts that no process can be given: NUL, half a character': [
    ...['bytes: control character by escape', 'bytes: half a pair by escape'],
  ],
  'it is lenient with a rare tag': ['int: only underscores'],
  'it declines in other words': [
    ...['key: empty', 'include: below merge', 'include: a folder', 'include: with a mapping for a path'],
    'include: with a list for a path',
  ],
  'keys that are whole numbers come first': ['key: numbers out of order', 'key: negative', 'key: float forms'],
  'a text or a key that begins with !include: is one': [
    ...['include: text that begins like one', 'include: key that begins like one'],
  ],
  'it declines what would fail when it runs': [
    ...['operator: unknown', 'operator: _type null', 'operator: greater sign alone', 'operator: a number key with >'],
    ...['block: list without a space', 'operator: unknown keys', 'group: _export text', 'export: text on an operator'],
  ],
}

const read = (name: string): Readonly<Record<string, Recorded>> =>
  JSON.parse(readFileSync(new URL(`digdag/${name}.json`, import.meta.url), 'utf8'))

function answer(files: string | Files): Omit<Recorded, 'files'> {
  const checked = checkFiles(typeof files === 'string' ? { 'main.dig': files } : files)
  const errors = checked.problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) return { declined: clean(sayAsDigdag('p', errors)) }
  const [workflow] = checked.workflows
  if (workflow === undefined || checked.workflows.length > 1)
    throw new Error('one workflow is recorded of each project')
  const { timezone, config } = workflow
  return { ...(timezone === 'UTC' ? {} : { timezone }), stored: canonical(printJson(config)) }
}

/** As the recorded texts were cleaned. */
function clean(text: string): string {
  return text
    .replaceAll('/sluice/push/p', '<project_dir>')
    .replace(/while reading: [\s\S]* in 'string', line \d+, column \d+:/g, '<yaml error>')
    .replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '<uuid>')
    .replace(/Null key for a Map not allowed in JSON/, '<null key>')
    .replace(/Expected \[reference type, .*?\] for key/g, 'Expected <type> for key')
}

/** Letters may be written in two ways. Numbers are compared as they are written, and keys in their order. */
const canonical = (json: string): string =>
  json.replace(/"(?:[^"\\]|\\.)*"/g, (text) => JSON.stringify(JSON.parse(text)))

function isSame(recorded: Recorded, ours: Omit<Recorded, 'files'>): boolean {
  const { stored, timezone, declined } = recorded
  if (declined !== undefined) return ours.declined === declined || (ours.declined !== undefined && declined === '<500>')
  return stored !== undefined && ours.stored === canonical(stored) && ours.timezone === timezone
}

describe.each(['yaml', 'tree'])('what Digdag says of projects: %s', (name) => {
  const different = new Set(Object.values(DIFFERENCES).flat())
  const cases = Object.entries(read(name))

  it.each(cases.filter(([about]) => !different.has(about)))('%s', (_, recorded) => {
    const ours = answer(recorded.files)
    if (!isSame(recorded, ours)) expect(ours).toEqual({ ...recorded, files: undefined })
  })

  it('differs on purpose, and only where it is listed', () => {
    const listed = cases.filter(([about]) => different.has(about))
    expect(listed.filter(([, recorded]) => isSame(recorded, answer(recorded.files))).map(([about]) => about)).toEqual(
      [],
    )
  })
})

it('lists only differences of cases that there are', () => {
  const known = new Set([...Object.keys(read('yaml')), ...Object.keys(read('tree'))])
  expect(
    Object.values(DIFFERENCES)
      .flat()
      .filter((about) => !known.has(about)),
  ).toEqual([])
})
