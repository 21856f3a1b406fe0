import { describe, expect, it } from 'vitest'
import { neededParams } from '../../src/workflow/needed-params.ts'
import { read } from './projects.ts'

const neededBy = (text: string) => neededParams(read(text))

describe('the params that a workflow needs', () => {
  it.each<[string, string, readonly string[]]>([
    ['those that its templates name', '+a: {echo>: "${b} ${a.x} $${c}"}', ['a', 'b', 'c']],
    [
      'those in exports, lists and bodies',
      '_export: {x: "${a}"}\n+a: {loop>: 1, _do: {echo>: [1, "${b}"]}}',
      ['a', 'b'],
    ],
    [
      'none that the file exports, anywhere',
      '_export: {x: 1}\n+a: {echo>: "${x} ${y}"}\n+b: {_export: {y: 1}, echo>: 1}',
      [],
    ],
    ['none that is a key beside it', '+a: {sh>: "${size}", size: 1}', []],
    [
      'none of the engine',
      '+a: {echo>: "${session_time} ${task_name} ${last_executed_session_date} ${error.message}"}',
      [],
    ],
    ['neighbours of a session only without a schedule', '+a: {echo>: "${last_session_time}"}', ['last_session_time']],
    ['none of them with one', 'schedule: {daily>: 07:00:00}\n+a: {echo>: "${last_session_time}"}', []],
    [
      'none of a loop',
      '+a: {loop>: 2, _do: {echo>: "${i}"}}\n+b: {for_each>: {fruit: [1]}, _do: {echo>: "${fruit}"}}',
      [],
    ],
    ['none where it is not known what a loop gives', '+a: {for_each>: "${all}", _do: {echo>: "${fruit}"}}', ['all']],
    ['none of an expression: it may be defined in many ways', '+a: {echo>: "${x + 1} ${typeof y}"}', []],
    ['no secret', '+a: {echo>: "${secret:key}"}', []],
    ['no word of JavaScript', '+a: {echo>: "${undefined} ${this.x} ${null} ${}"}', []],
  ])('are %s', (_, text, names) => {
    expect(neededBy(text)).toEqual(names)
  })
})
