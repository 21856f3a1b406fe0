import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { printJson } from '../../src/json.ts'
import { OPERATORS } from '../../src/operators/all.ts'
import {
  DIRECTIVES,
  type Directive,
  OPERATOR_OPTIONS,
  PLACE_WORDS,
  type Reach,
  type Templates,
} from '../../src/workflow/directives.ts'
import { read } from './projects.ts'

const REACH: Readonly<Record<Reach, string>> = { own: '', below: 'yes', export: 'through `_export`' }
const TEMPLATES: Readonly<Record<Templates, string>> = {
  never: 'no',
  here: 'yes',
  operator: 'not in a group',
  later: 'in the tasks it is for',
}

const cell = (text: string) => text.replaceAll('|', '\\|')
const code = (text: string) => `\`${text}\``
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

function placesOf({ places, idleIn, operators }: Directive): string {
  const shown = places.map((place) =>
    place === 'operator' && operators ? operators.map((one) => code(`${one}>`)).join(' ') : place,
  )
  return [...shown, ...idleIn.map((place) => `(${place})`)].join(', ')
}

const row = (directive: Directive): readonly string[] => [
  code(directive.key),
  placesOf(directive),
  REACH[directive.reach],
  TEMPLATES[directive.templates],
  `${directive.shape.words}, such as ${code(directive.example)}`,
  `${directive.isComing ? '**Not yet.** ' : ''}${directive.says}`,
]

const HEAD = ['key', 'where', 'for tasks below', '`${}`', 'value', 'what it does']
const directives = (isOurs: boolean, isSchedule: boolean) =>
  table(
    HEAD,
    DIRECTIVES.filter((one) => one.isOurs === isOurs && one.places.includes('schedule') === isSchedule).map(row),
  )

const optionTable = () =>
  table(
    ['key', 'value', 'what it does'],
    DIRECTIVES.filter(({ places }) => places.includes('schedule')).map((one) => {
      const [key = '', , , , value = '', says = ''] = row(one)
      return [one.isOurs ? `${key} (ours)` : key, value, says]
    }),
  )

/** How values are written, and what they are then. */
const VALUES = [
  ...['true', 'yes', 'TRUE', '10', '010', '08', '0x1F', '1_000', '12:30', '07:00:00', '1.5', '1.0', '.5', '0.5', '1e3'],
  ...['~', 'null', '.inf', '2026-03-01', '"10"', '!!str 10', '!!int "10"', '!!binary aGk=', '!!set {a, b}'],
]

function readValue(written: string): string {
  const exports = read(`_export: {v: ${written}}\n`).config._export
  return printJson(exports).slice('{"v":'.length, -1)
}

const INTRODUCTION = `# The language

A workflow is a file \`NAME.dig\` at the top of the project: YAML, in Digdag's dialect and with Digdag's words, so that projects of Digdag run as they are. What is done otherwise on purpose is in [digdag-compatibility.md](digdag-compatibility.md). \`sluice check\` looks at a project as a push does.

A key that begins with \`+\` is a task, and its value is one again: an **operator task** has a key that ends with \`>\`, a **group** has tasks. Tasks of a group run one after another, in the order of the file.
`

const sections = () => [
  INTRODUCTION,
  `## Directives

Where a key may stand: ${Object.entries(PLACE_WORDS)
    .filter(([place]) => place !== 'schedule')
    .map(([place, words]) => `**${place}** is ${words}`)
    .join(
      ', ',
    )}. In brackets: Digdag accepts it there, and it does nothing; a push warns of it. The third column says whether it holds for the tasks below as well, the fourth whether \`\${…}\` in it is evaluated.

${directives(false, false)}
`,
  `## Directives of ours

They begin with \`_\` and are unknown to Digdag. A push declines a wrong value or place. What does nothing yet is checked and kept, and a push warns of it.

${directives(true, false)}
`,
  `## Options of \`schedule:\`

${optionTable()}
`,
  `## Keys beside the directives

The top of a file and a group have directives and +tasks only: a push declines any other key. A task with an operator may have any: it is a parameter. A key that its operator does not know is a warning, and one that begins with \`_\` and is within two letters of a directive declines the push.

${table(
  ['operator', 'options'],
  [...OPERATORS.keys()]
    .sort()
    .map((name) => [code(`${name}>`), (OPERATOR_OPTIONS.get(name) ?? []).map(code).join(' ')]),
)}
`,
  `## Names

A task's name begins with \`+\`; letters, digits and \`- = [ ] { } % & @ , . ^ _\` and the backtick may follow, 255 in all. A workflow's name is that of its file without \`.dig\`, and the name of its first task, so the same letters make it; it does not begin with a digit.

## Values

Plain words are texts unless they look like one of these, quoted ones always.

${table(
  ['written', 'is'],
  VALUES.map((written) => [code(written), code(readValue(written))]),
)}

A mapping has each key once. Anchors (\`&a\`, \`*a\`) and merge keys (\`<<: *a\`, \`<<: [*a, *b]\`) work; own keys win over merged ones. \`!include : 'file.yml'\`, with the space before the colon, is a key: the other file's keys are merged in its place, mapping by mapping, and keys that come after it win. The path counts from the folder of the file where it stands and stays below it. A file is one document of at most 256 KiB, nested no deeper than 100 levels.

## Every key once

\`\`\`yaml
${readFileSync(new URL('reference.dig', import.meta.url), 'utf8').trimEnd()}
\`\`\`
`,
]

describe('docs/language.md', () => {
  /** `npx vitest run test/workflow/language-page.test.ts -u` writes the page anew. */
  it('is the table of directives', async () => {
    await expect(sections().join('\n')).toMatchFileSnapshot('../../docs/language.md')
  })
})
