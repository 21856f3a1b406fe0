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

it('says that the database has no room in one sentence, once, whichever statement it was that failed', () => {
  const lines: Record<string, unknown>[] = []
  const { report } = openReports('json', { write: (line) => lines.push(JSON.parse(line)) })
  for (const relation of ['logs', 'log_chunks'])
    report(Object.assign(new Error(`could not extend file of ${relation}: No space left on device`), { code: '53100' }))
  expect(lines.map(({ msg, err }) => [msg, err])).toEqual([
    [
      'PostgreSQL has no room to write on its disk, so nothing new is taken in; what runs goes on and its logs wait. Make room there; all goes on by itself.',
      undefined,
    ],
  ])
})
