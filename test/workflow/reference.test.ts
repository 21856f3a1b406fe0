import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { OPERATORS } from '../../src/operators/all.ts'
import {
  DIRECTIVES,
  type Directive,
  findDirective,
  OPERATOR_OPTIONS,
  PLACE_WORDS,
  type Place,
} from '../../src/workflow/directives.ts'
import { listTasks } from '../../src/workflow/list-tasks.ts'
import { loadFile } from '../../src/workflow/load-file.ts'
import { checkFiles, show } from './projects.ts'

const readFile = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const text = readFile('reference.dig')

/** Keys by the place where they stand, disabled tasks and bodies too. */
function keysOf(place: Place): ReadonlySet<string> {
  const { root } = loadFile('reference.dig', (path) => ({ kind: 'text', text: readFile(path) }))
  if (root === null) throw new Error('reference.dig is broken')
  const schedule = root.entries.get('schedule')?.value
  if (place === 'schedule') return new Set(schedule?.kind === 'map' ? schedule.entries.keys() : [])
  const tasks = listTasks(root, '+reference').filter((task) => task.place === place)
  return new Set([...tasks.flatMap(({ entries }) => [...entries.keys()]), ...(place === 'root' ? [] : ['_disable'])])
}

describe('the reference', () => {
  const files = {
    'reference.dig': text,
    'parts/called.dig': readFile('parts/called.dig'),
    'parts/included.yml': readFile('parts/included.yml'),
  }
  const { problems, workflows } = checkFiles(files)

  it('is right, but for what does nothing yet', () => {
    const isComing = (message: string) => /is checked and kept, and does nothing yet$/.test(message)
    expect(problems.filter(({ message }) => !isComing(message)).map(show)).toEqual([])
    expect(workflows).toHaveLength(1)
  })

  it.each(Object.keys(PLACE_WORDS) as Place[])('holds every directive that may stand in: %s', (place) => {
    const wanted = DIRECTIVES.filter(({ places }) => places.includes(place)).map(({ key }) => key)
    expect(wanted.filter((key) => !keysOf(place).has(key))).toEqual([])
  })

  it('holds every operator, and the options of each', () => {
    const elsewhere = new Set(['count', 'poll_interval'])
    const known = [...OPERATORS.keys()].flatMap((name) => [`${name}>`, ...(OPERATOR_OPTIONS.get(name) ?? [])])
    const isThere = (key: string) => new RegExp(`(^|[\\s{])${key}:`, 'm').test(text)
    expect(known.filter((key) => !elsewhere.has(key) && !isThere(key))).toEqual([])
  })

  it('says of a key whether it is ours, and whether it does something', () => {
    const lines = text
      .split('\n')
      .map((line) => ({ line, directive: findDirective(/^ *(\w+):/.exec(line)?.[1] ?? '') }))
    const wrong = lines.filter(({ line, directive }) => directive !== undefined && noteOf(directive) !== noteIn(line))
    expect(wrong.map(({ line }) => line)).toEqual([])
  })
})

const noteIn = (line: string): string => /# ((?:ours|not yet)(?:, not yet)?)/.exec(line)?.[1] ?? ''

const noteOf = ({ isOurs, isComing }: Directive): string =>
  [...(isOurs ? ['ours'] : []), ...(isComing ? ['not yet'] : [])].join(', ')
