import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DIRECTIVES, isOperatorKey, PLACE_WORDS, type Place } from '../../src/workflow/directives.ts'
import type { Problem } from '../../src/workflow/workflow.ts'
import { checkText } from './projects.ts'

/** Where a directive may stand in a file, at the @. */
const SCENES = {
  root: '@\n+t: {echo>: x}\n',
  group: '+t:\n  @\n  +u: {echo>: x}\n',
  sh: '+t:\n  sh>: ls\n  @\n',
  if: '+t:\n  if>: true\n  @\n',
  loop: '+t:\n  loop>: 1\n  @\n',
  typed: '+t:\n  _type: echo\n  @\n',
  untyped: '+t:\n  @\n  _command: x\n',
  parallel: '_parallel: true\n+a: {echo>: x}\n+t:\n  echo>: x\n  @\n',
  parallelGroup: '_parallel: true\n+a: {echo>: x}\n+t:\n  +u: {echo>: x}\n  @\n',
  schedule: 'schedule:\n  daily>: 07:00:00\n  @\n+t: {echo>: x}\n',
} as const
type Scene = keyof typeof SCENES

const PLACES: Readonly<Record<Scene, Place>> = {
  ...{ root: 'root', group: 'group', parallelGroup: 'group', schedule: 'schedule' },
  ...{ sh: 'operator', if: 'operator', loop: 'operator' },
  ...{ typed: 'operator', untyped: 'operator', parallel: 'operator' },
}

type Row = { readonly key: string; readonly scene: Scene; readonly value: string; readonly said: string }

/** Below its key: `scenes | value | what is said`, which is nothing when it is right. */
function readRows(text: string): readonly Row[] {
  return text
    .trimEnd()
    .split('\n\n')
    .flatMap((block) => {
      const [key = '', ...lines] = block.split('\n')
      return lines.flatMap((line) => {
        const [scenes = '', value = '', said = ''] = line.split(' | ').map((part) => part.trim())
        return (scenes.split(' ') as Scene[]).map((scene) => ({ key, scene, value, said }))
      })
    })
}

const rows = readRows(readFileSync(new URL('directives.txt', import.meta.url), 'utf8'))

function check({ key, value, scene }: Row): string {
  const text = SCENES[scene].replace('@', () => `${key}: ${value}`)
  const before = SCENES[scene].split('@')[0] ?? ''
  const [line, column] = [before.split('\n').length, before.length - before.lastIndexOf('\n')]
  const placeOf = (one: Problem) => {
    if (one.line !== line) return `${one.line}:${one.column}`
    return one.column === column ? 'key' : one.column === column + key.length + 2 ? 'value' : 'within'
  }
  const isComing = ({ message }: Problem) => /is checked and kept, and does nothing yet$/.test(message)
  const told = checkText(text).problems.filter((one) => !isComing(one))
  return told.map((one) => `${one.severity} at ${placeOf(one)}: ${one.message}`).join(' + ')
}

const isTemplate = (value: string) => value.includes('${')

describe('a directive', () => {
  it.each(rows.map((row) => [row.key, row.value, row.scene, row] as const))('%s: %s in %s', (...[, , , row]) => {
    expect(check(row)).toBe(row.said)
  })

  it.each(DIRECTIVES.map((directive) => [directive.key, directive] as const))(
    '%s has a row that is right and one with ${} for each place where it may stand, and one that is wrong',
    (key, { places, idleIn, shape }) => {
      const own = rows.filter((row) => row.key === key)
      const plain = own.filter(({ value }) => !isTemplate(value))
      const isRight = (row: Row, place: Place) => (row.said === '') === places.includes(place)
      const without = (among: readonly Row[], isWanted: (row: Row, place: Place) => boolean) =>
        [...places, ...idleIn].filter(
          (place) => !among.some((row) => PLACES[row.scene] === place && isWanted(row, place)),
        )
      expect(without(plain, isRight)).toEqual([])
      expect(without(own, ({ value }) => isTemplate(value))).toEqual([])
      expect(plain.some(({ said }) => / at (value|key): /.test(said))).toBe(shape.words !== 'a value')
    },
  )

  it('that has rows is one', () => {
    const keys = new Set(DIRECTIVES.map(({ key }) => key))
    expect(rows.filter(({ key }) => !keys.has(key))).toEqual([])
  })
})

/** Whatever its value. */
const MISPLACED: Readonly<Record<Place, (key: string) => string>> = {
  root: (key) =>
    `error at key: Workflow 'main' includes unknown keys: [${key}]: the top of a file has directives and +tasks only`,
  group: (key) =>
    `error at key: +main+t contains invalid keys: '${key}': a task without an operator is a group, and a group has directives and +tasks only`,
  operator: (key) => (key.startsWith('_') ? `error at key: ${key} does not belong into +main+t` : ''),
  schedule: (key) => `error at key: Parameter '${key}' is not used at schedule.`,
}
const SCENE_OF = { root: 'root', group: 'group', operator: 'sh', schedule: 'schedule' } as const

describe('a directive where it may not stand', () => {
  const misplaced = DIRECTIVES.flatMap(({ key, places, idleIn }) =>
    (Object.keys(PLACE_WORDS) as Place[])
      .filter((place) => ![...places, ...idleIn].includes(place) && !(place === 'group' && isOperatorKey(key)))
      .map((place) => [key, place] as const),
  )

  it.each(misplaced)('%s in %s', (key, place) => {
    const scene = SCENE_OF[place]
    expect(check({ key, scene, value: '1', said: '' })).toBe(MISPLACED[place](key))
    expect(check({ key, scene, value: '"${x}"', said: '' }).split(' + ').at(-1)).toBe(MISPLACED[place](key))
  })
})
