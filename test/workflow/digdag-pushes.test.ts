import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isJsonObject } from '../../src/workflow/merge.ts'
import { firstDue } from '../../src/workflow/schedule.ts'
import { findScheduleFaults } from '../../src/workflow/schedule-faults.ts'
import { checkText, read } from './projects.ts'

/** What a Digdag 0.10.5 answered to a push at 2030-01-15 10:20:30: a run, or why there is none. A 500 says nothing, and is refused here. */
type Recorded = {
  readonly schedule: string
  readonly status: 200 | 400 | 500
  readonly run?: string
  readonly message?: string
}
const recorded: readonly Recorded[] = JSON.parse(readFileSync(new URL('digdag/pushes.json', import.meta.url), 'utf8'))
const PUSHED_AT = new Date('2030-01-15T10:20:30Z')

/** Texts of Java's libraries are nobody's business. */
const withoutJava = (text: string | undefined) =>
  text
    ?.replace(/Expected \[reference type, .*\] for key/, 'Expected <type> for key')
    .replace(/\(java\.time\.format\.DateTimeParseException: .*\)/, '(<date error>)')

const indent = (text: string) => `${text.replaceAll(/^/gm, '  ')}\n`

function push(schedule: string) {
  const { problems, workflows } = checkText(`schedule:\n${indent(schedule)}+a: {echo>: x}\n`)
  if (problems.some(({ severity }) => severity === 'error')) return { problems }
  return { problems, workflow: workflows[0] }
}

function answer({ schedule, status }: Recorded) {
  const { problems, workflow } = push(schedule)
  if (workflow?.schedule) {
    const runAt = firstDue(workflow.schedule, PUSHED_AT)?.runAt.toISOString() ?? '9999-01-01T00:00:00.000Z'
    return { status: 200, run: `${runAt.slice(0, 19)}Z` }
  }
  expect(problems.every(({ file, line, column }) => file === 'main.dig' && line >= 1 && column >= 1)).toBe(true)
  return status === 500 ? { status: 500 } : { status: 400 }
}

/** Where Sluice answers otherwise on purpose. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'daily>: "999999:00:00"': 'a run so far from its session is a slip of the pen; Digdag’s number runs over',
  'seconds_interval>: -5': 'there is no such interval; Digdag runs it in the past',
  'seconds_interval>: 30\nstart: 2030-02-01': 'start and end count for every kind of schedule',
  'seconds_interval>: 30\nend: 2020-02-01': 'start and end count for every kind of schedule',
  'seconds_interval>: 30\nstart: nonsense': 'start and end count for every kind of schedule',
  'cron>: |\n  0 0 * * *': 'a line end after a pattern does no harm',
  'daily>: 07:00:00\n_overlap: forbid': 'ours',
  'daily>: 07:00:00\n_command: 1': 'a key that does nothing is told',
  'daily>: 07:00:00\nskip_on_overtime: maybe': 'Digdag finds it at the first run, and puts that off for ever',
  'daily>: 07:00:00\nskip_delayed_by: soon': 'Digdag finds it at the first run, and puts that off for ever',
  'daily>: 07:00:00\nskip_delayed_by: 30': 'Digdag finds it at the first run, and puts that off for ever',
  'daily>: 25:00:00\nstart: 2030-02-01\nend: 2030-02-01':
    'nothing runs after end; Digdag looks at it only before it looks at start',
}

/** `_type` never passes in a schedule, here or there. */
const isToldOtherwise = (schedule: string) => /^_type|_overlap/.test(schedule)

describe("Digdag's answer to a push", () => {
  it.each(recorded.map((one) => [one.schedule, one] as const))('of %s', (schedule, one) => {
    const { status, run } = one
    if (DIFFERENT[schedule] === undefined) expect(answer(one)).toEqual(status === 200 ? { status, run } : { status })
    else expect(answer(one)).not.toEqual(status === 200 ? { status, run } : { status })
  })

  it.each(
    recorded
      .filter(({ schedule, status }) => status === 400 && !isToldOtherwise(schedule))
      .map((one) => [one.schedule, one] as const),
  )('of %s is told in its words', (schedule, { message }) => {
    const { '+a': task } = read(`+a:\n  schedule:\n${indent(indent(schedule))}`).config
    const faults = findScheduleFaults(isJsonObject(task) ? (task.schedule ?? null) : null)
    expect(withoutJava(faults.find(({ isOdd }) => isOdd !== true)?.digdag)).toBe(withoutJava(message))
  })
})
