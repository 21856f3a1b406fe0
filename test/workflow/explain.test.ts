import { describe, expect, it } from 'vitest'
import { explainProblem } from '../../src/workflow/explain.ts'
import { checkText } from './projects.ts'

describe('a problem', () => {
  it('is shown at its place, with what to do', () => {
    const text = 'timezone: UTC\n+load:\n  shh>: load.sh\n'
    const [problem] = checkText(text).problems
    expect(problem && explainProblem(problem, text)).toEqual([
      'main.dig:3:3 error: Unknown operator shh>: +main+load cannot run',
      '  3 |   shh>: load.sh',
      '        ^',
      '  Did you mean sh>?',
    ])
  })

  it('is shown without its line when there is none', () => {
    const [problem] = checkText('').problems
    expect(problem && explainProblem(problem, undefined)).toEqual([
      'main.dig:1:1 error: Expected object to load Config but got null',
      '  Write keys such as timezone: UTC and +tasks, each on a line.',
    ])
  })

  it('in a long line is shown with what is around it, and nothing that moves a terminal', () => {
    const text = `+a: {echo>: "${'x'.repeat(300)}\\e", bad: 1}\u001b[2J\n`
    const problem = { severity: 'error', file: 'main.dig', line: 1, column: 319, message: 'm', hint: '' } as const
    const [, source = '', caret = ''] = explainProblem(problem, text)
    expect(source[caret.length - 1]).toBe('b')
    expect(source).toMatch(/^[\x20-\x7e]{1,130}$/)
  })
})
