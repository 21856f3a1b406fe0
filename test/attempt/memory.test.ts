import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { advanceAttempt, DEFAULT_LIMITS } from '../../src/app/advance-attempt.ts'
import { cancelAttempt } from '../../src/app/cancel-attempt.ts'
import { MemoryAttempt } from '../../src/attempt/memory.ts'
import { isFinal } from '../../src/attempt/task.ts'
import type { AttemptId, JsonObject, TaskId } from '../../src/brand.ts'
import { lockAttempt } from '../../src/db/attempts.ts'
import { insertTaskRun } from '../../src/db/task-runs.ts'
import { beginTaskIfClaimed, claimReadyTaskOf } from '../../src/db/tasks.ts'
import { planTree } from '../../src/workflow/tree.ts'
import { makeWorker, startOne } from '../support/attempts.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { openTestSchema } from '../support/schema.ts'
import { later, nextEvent, RETRY, tree } from '../support/trees.ts'

const { sql, drop } = await openTestSchema('memory')
afterAll(drop)
const workerId = await makeWorker(sql)
const ports = { sql, wakeUps: { ring: async () => {} } }

/** One attempt twice: folded in memory as `sluice run` does, and in rows as a server does. Tasks are named by their places: both make them in the same order. */
async function openTwins(config: JsonObject) {
  const planned = planTree(config, '+wf')
  if (!planned.ok) throw new Error(planned.message)
  const memory = new MemoryAttempt(planned.tasks)
  const id = await startOne(ports, config)
  return { memory, id }
}
type Twins = Awaited<ReturnType<typeof openTwins>>

function inMemory({ memory }: Twins) {
  const { tasks } = memory
  const placeOf = (id: TaskId | null) => tasks.findIndex((task) => task.id === id)
  return tasks.map((task) => ({
    ...{ name: task.fullName, kind: task.kind, state: task.state, config: task.config, exports: task.exports },
    ...{ store: task.store, exported: task.exported, reset: task.reset, error: task.error, retryAt: task.retryAt },
    ...{ isInitial: task.isInitial, isSuperseded: task.isSuperseded, isDelayedError: task.isDelayedError },
    stateParams: task.stateParams,
    parent: placeOf(task.parentId),
    upstreams: task.upstreams.map(placeOf),
  }))
}

async function inRows({ id }: Twins) {
  const rows = await sql<{ id: TaskId; parent: TaskId | null; upstreams: TaskId[] }[]>`
    select id, parent_id as parent, upstreams, full_name as name, kind, state, config, static_export as exports, store_params as store,
      export_params as exported, reset_params as reset, error, retry_at as "retryAt", is_initial as "isInitial",
      is_superseded as "isSuperseded", is_delayed_error as "isDelayedError", state_params as "stateParams"
    from tasks where attempt_id = ${id} order by tasks.id`
  const placeOf = (id: TaskId | null) => rows.findIndex((row) => row.id === id)
  return rows.map(({ id: _, parent, upstreams, ...row }) => ({
    ...row,
    parent: placeOf(parent),
    upstreams: upstreams.map(placeOf),
  }))
}

const idAt = async (attemptId: AttemptId, place: number) => {
  const [row] = await sql<[{ id: TaskId }]>`
    select id from tasks where attempt_id = ${attemptId} order by id limit 1 offset ${place}`
  return row.id
}

/** The first ready task starts, or something happens to one that the dice choose. */
async function roll(twins: Twins, dice: number) {
  const { memory, id: attemptId } = twins
  const ready = memory.tasks.find(({ state }) => state === 'ready')
  const able = memory.tasks.filter((task) => nextEvent(task, dice) !== null)
  const task = able[dice % able.length]
  if (ready !== undefined && (task === undefined || dice % 2 === 0)) return start(twins, ready.id, dice)
  const event = task && nextEvent(task, dice)
  if (task === undefined || event == null) throw new Error('the attempt stands still')
  const place = memory.tasks.indexOf(task)
  memory.happen(task.id, event, later)
  const id = await idAt(attemptId, place)
  await sql.begin(async (tx) => {
    const attempt = await lockAttempt(tx, attemptId)
    if (attempt === undefined) throw new Error('there is no attempt')
    await advanceAttempt(tx, attempt, { id, event }, DEFAULT_LIMITS, later)
  })
}

async function start({ memory, id }: Twins, taskId: TaskId, dice: number) {
  const rest = { retry: dice % 3 === 0 ? RETRY : null, isRetryable: dice % 5 === 0 }
  memory.begin(taskId, rest)
  const claim = await claimReadyTaskOf(sql, id, { workerId, queues: ['default'], leaseSeconds: 10 }, later)
  if (claim === undefined) throw new Error('nothing is ready in the rows')
  const logId = await insertTaskRun(sql, claim, { workerId, head: '' }, later)
  await beginTaskIfClaimed(sql, claim, { logId, ...rest }, later)
}

/** Random trees seldom come to it: a group is copied, and what an `_error` in it had generated is not. */
const RETRIED_AROUND_AN_ERROR_TASK = { '+o': { _retry: 1, '+i': { _error: { 'echo>': 'x' }, '+x': { 'sh>': 'x' } } } }
/** Nor to this: what a retry has replaced had failed, and what came in its place succeeds. */
const RETRIED_TO_SUCCESS = { '+o': { _retry: 1, '+x': { 'sh>': 'x' } } }
/** What is ready starts, without `_retry`; what runs fails. */
const FAIL = 20
/** The same, and what runs succeeds. */
const SUCCEED = 40

describe('an attempt in memory', () => {
  it(
    'goes the same way as one in rows, whatever happens to its tasks',
    async () => {
      const dice = fc.array(fc.nat(), { minLength: 15, maxLength: 60 })
      await fc.assert(
        fc.asyncProperty(tree, dice, fc.nat({ max: 120 }), async (config, rolled, cancelAt) => {
          const twins = await openTwins(config)
          expect(await inRows(twins)).toEqual(inMemory(twins))
          for (const [step, one] of rolled.entries()) {
            if (isFinal(twins.memory.root.state)) break
            if (step === cancelAt) {
              twins.memory.cancel()
              await cancelAttempt(ports, twins.id, 'ana', later)
            } else await roll(twins, one)
            expect(await inRows(twins)).toEqual(inMemory(twins))
          }
        }),
        {
          ...effort(10),
          examples: [
            [RETRIED_AROUND_AN_ERROR_TASK, Array(60).fill(FAIL), 1000],
            [RETRIED_TO_SUCCESS, [FAIL, FAIL, ...Array(58).fill(SUCCEED)], 1000],
          ],
        },
      )
    },
    PROPERTY_MS,
  )
})
