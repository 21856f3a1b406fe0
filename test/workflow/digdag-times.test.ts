import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/brand.ts'
import { firstDue, nextDue, previousDue, readSchedule } from '../../src/workflow/schedule.ts'
import type { Due } from '../../src/workflow/workflow.ts'
import { formatInZone, getZone } from '../../src/workflow/zone.ts'

type Times = {
  readonly run: string
  readonly session: string
  readonly next: readonly string[]
  readonly last: string | null
}
/** What a Digdag 0.10.5 answered: the schedule it made of a push with `schedule_from`, and the sessions around its first. */
type Recorded = Times & {
  readonly zone: string
  readonly schedule: JsonObject
  readonly from: string
  /** Where Sluice differs on purpose: what it says, and why. */
  readonly ours?: Times & { readonly why: string }
}

const recorded: readonly Recorded[] = JSON.parse(readFileSync(new URL('digdag/times.json', import.meta.url), 'utf8'))

function ask({ zone, schedule, from, next, last }: Recorded): Times {
  const read = readSchedule(schedule, zone)
  if (read === null) throw new Error(`${JSON.stringify(schedule)} was not read`)
  const first = firstDue(read, new Date(from))
  const inZone = (due: Due | null) =>
    formatInZone(getZone(zone), due?.sessionTime.getTime() ?? Date.parse('9999-01-01T00:00:00Z'))
  const sessions: string[] = []
  let due = first
  while (due !== null && sessions.length < next.length) {
    due = nextDue(read, due.sessionTime)
    sessions.push(inZone(due))
  }
  const run = first === null ? '9999-01-01T00:00:00Z' : `${first.runAt.toISOString().slice(0, 19)}Z`
  const before = first === null || last === null ? null : previousDue(read, first.sessionTime)
  return { run, session: inZone(first), next: sessions, last: before === null ? null : inZone(before) }
}

describe("Digdag's times", () => {
  it.each(recorded.map((one) => [JSON.stringify(one.schedule), one.zone, one.from, one] as const))(
    '%s in %s from %s',
    (_, __, ___, one) => {
      const { run, session, next, last } = one.ours ?? one
      expect(ask(one)).toEqual({ run, session, next, last })
    },
  )

  it('differ only where Sluice means the clocks on the wall, or Digdag is wrong', () => {
    const counts = new Map<string, number>()
    for (const { ours } of recorded) if (ours !== undefined) counts.set(ours.why, (counts.get(ours.why) ?? 0) + 1)
    expect(Object.fromEntries(counts)).toEqual({
      'Digdag counts in UTC where a zone is written UTC-03:30': 3,
      'Digdag guesses the last session of an uneven pattern': 5,
      'a time in the spring gap comes right after it': 1,
      'a time of day is what the clocks show': 7,
      'Digdag leaves out the first of a repeated hour': 3,
      'a repeated time comes once, the first': 3,
    })
    expect(recorded).toHaveLength(115)
  })
})
