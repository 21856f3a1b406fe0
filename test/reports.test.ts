import { expect, it } from 'vitest'
import { openReports } from '../src/reports.ts'

it('says what repeats itself once, but every id that somebody was shown', () => {
  const lines: Record<string, unknown>[] = []
  const { report } = openReports('json', { write: (line) => lines.push(JSON.parse(line)) })
  const bug = new TypeError('x is undefined')
  report(bug)
  report(bug)
  report(bug, 'f3a1')
  report(new Error('other'), '77c0')
  expect(lines.map(({ msg, id, err }) => [msg, id, err !== undefined])).toEqual([
    ['TypeError: x is undefined', undefined, true],
    ['TypeError: x is undefined', 'f3a1', false],
    ['Error: other', '77c0', true],
  ])
})
