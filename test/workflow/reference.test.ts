import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { OPERATORS } from '../../src/operators/all.ts'
import {
  EXTENSIONS,
  GROUP_KEYS,
  OPERATOR_KEYS,
  OPERATOR_OPTIONS,
  ROOT_KEYS,
  SCHEDULE_OPTIONS,
} from '../../src/workflow/directives.ts'
import { checkFiles, show } from './projects.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

describe('the reference', () => {
  const text = read('reference.dig')
  const files = {
    'reference.dig': text,
    'parts/called.dig': read('parts/called.dig'),
    'parts/included.yml': read('parts/included.yml'),
  }

  it('is right', () => {
    const { problems, workflows } = checkFiles(files)
    expect(problems.map(show)).toEqual([])
    expect(workflows).toHaveLength(1)
  })

  it('holds every key that the parser knows', () => {
    const elsewhere = new Set(['require', 'ruby', 'count', 'poll_interval'])
    const options = [...OPERATORS.keys()].flatMap((name) => [`${name}>`, ...(OPERATOR_OPTIONS.get(name) ?? [])])
    const known = [...ROOT_KEYS, ...GROUP_KEYS, ...OPERATOR_KEYS, ...SCHEDULE_OPTIONS, ...options]
    const missing = known.filter((key) => !elsewhere.has(key) && !new RegExp(`(^|[\\s{])${key}:`, 'm').test(text))
    expect([...new Set(missing)]).toEqual([])
  })

  it("says of a key when it is ours and not Digdag's", () => {
    const lines = text.split('\n').filter((line) => !line.startsWith('#') && /^\s*_\w+:/.test(line))
    const isOurs = (line: string) => EXTENSIONS.has(line.trim().split(':')[0] ?? '')
    expect(lines.filter((line) => line.includes('# ours') !== (isOurs(line) || /_overlap|_missed/.test(line)))).toEqual(
      [],
    )
  })
})
