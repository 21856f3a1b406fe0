import { describe, expect, it } from 'vitest'
import { checkText, show } from './projects.ts'

describe('the order of keys', () => {
  const disorder = (numbers: string) =>
    `warning: Keys that are whole numbers are read first and by number, whatever their order here: ${numbers} | If the order matters, as in for_each>, begin them with a letter.`

  it.each([
    ['+a: {for_each>: {b: [1], a: [2]}, _do: {echo>: x}}\n', []],
    ['_export: {months: {1: jan, 2: feb, 10: oct}}\n+a: {echo>: x}\n', []],
    ['_export: {m: {1.5: y, -1: z, "01": x, "00": w}}\n+a: {echo>: x}\n', []],
    ['+a: {for_each>: {10: [p], 2: [r]}, _do: {echo>: x}}\n', [`main.dig:1:18 ${disorder('2, 10')}`]],
    ['_export:\n  m:\n    x: 1\n    7: 2\n+a: {echo>: x}\n', [`main.dig:3:5 ${disorder('7')}`]],
    [
      '_export: {a: &m {2: x, 1: y}, b: *m}\n+a: {sh>: x, l: [{4: x, 3: y}]}\n',
      [`main.dig:1:18 ${disorder('1, 2')}`, `main.dig:2:19 ${disorder('3, 4')}`],
    ],
  ])('of %j', (text, problems) => {
    expect(checkText(text).problems.map(show)).toEqual(problems)
  })
})
