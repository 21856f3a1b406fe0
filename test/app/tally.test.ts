import { describe, expect, it } from 'vitest'
import { Tally } from '../../src/app/tally.ts'
import type { TaskEvent } from '../../src/attempt/decide.ts'
import type { TaskState } from '../../src/attempt/task.ts'
import type { WorkCounts } from '../../src/db/work-counts.ts'
import { FAILED, SUCCEEDED } from '../support/attempts.ts'

const LOAD = { projectName: 'weather', fullName: '+daily+load', queue: 'default' }
const turn = (index: number) => ({ ...LOAD, fullName: `+daily+each^sub+for-0=m=${index}=x+draw`, queue: 'gpu' })
const CANCELED: TaskEvent = { kind: 'canceled', exitCause: 'killed' }
const LOST: TaskEvent = { kind: 'lost', exitCause: 'gone' }

async function told(tally: Tally): Promise<WorkCounts> {
  let counts: WorkCounts = { tasks: [], queues: [] }
  await tally.tell(async (given) => {
    counts = given
  })
  return counts
}

describe('a tally', () => {
  it.each([
    ['a success', SUCCEEDED, 'success', { succeeded: 1 }],
    ['an operator that has made tasks', SUCCEEDED, 'planned', { succeeded: 1 }],
    ['a failure', FAILED, 'error', { failed: 1 }],
    ['a failure that is tried again', FAILED, 'retry_waiting', { retried: 1 }],
    ['a kill', CANCELED, 'canceled', { canceled: 1 }],
    ['a success that comes after a kill', SUCCEEDED, 'canceled', { canceled: 1 }],
    ['a loss', LOST, 'unknown', { failed: 1 }],
    ['a loss that is repeated', LOST, 'ready', { retried: 1 }],
  ] as const satisfies readonly [string, TaskEvent, TaskState, object][])(
    'counts %s as what it is',
    async (_name, event, state, expected) => {
      const tally = new Tally()
      tally.started(LOAD)
      tally.ended(LOAD, { event, state, ms: 80 })
      const none = { started: 1, succeeded: 0, failed: 0, retried: 0, canceled: 0 }
      expect((await told(tally)).tasks).toMatchObject([{ task: 'weather/daily+load', ...none, ...expected }])
    },
  )

  it('puts the time of a success into its bucket, and of nothing else', async () => {
    const tally = new Tally()
    tally.ended(LOAD, { event: SUCCEEDED, state: 'success', ms: 80 })
    tally.ended(LOAD, { event: SUCCEEDED, state: 'success', ms: 60_000 })
    tally.ended(LOAD, { event: FAILED, state: 'error', ms: 500 })
    expect((await told(tally)).tasks).toMatchObject([
      { runtimeSeconds: 60.08, runtimeCounts: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1] },
    ])
  })

  it('takes all turns of a loop for one, and tells by queue what ended', async () => {
    const tally = new Tally()
    for (const index of [0, 1, 2]) tally.ended(turn(index), { event: SUCCEEDED, state: 'success', ms: 1 })
    const { tasks, queues } = await told(tally)
    expect(tasks).toMatchObject([{ task: 'weather/daily+each^sub+for+draw', succeeded: 3 }])
    expect(queues).toEqual([{ queue: 'gpu', finished: 3 }])
  })

  it('tells nothing twice, and nothing is lost that could not be told', async () => {
    const tally = new Tally()
    tally.ended(LOAD, { event: SUCCEEDED, state: 'success', ms: 1 })
    const away = tally.tell(async () => {
      tally.ended(LOAD, { event: FAILED, state: 'error', ms: 1 })
      throw new Error('away')
    })
    await expect(away).rejects.toThrow('away')
    expect(await told(tally)).toMatchObject({
      tasks: [{ succeeded: 1, failed: 1 }],
      queues: [{ queue: 'default', finished: 2 }],
    })
    expect(await told(tally)).toEqual({ tasks: [], queues: [] })
  })
})
