import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TaskEvent } from '../../src/attempt/decide.ts'
import { MemoryAttempt, type MemoryTask } from '../../src/attempt/memory.ts'
import { isFinal, isOpen, MOVES } from '../../src/attempt/task.ts'
import type { JsonObject, TaskId } from '../../src/brand.ts'
import { planTree } from '../../src/workflow/tree.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'
import { later, nextEvent, RETRY, SUCCEEDED, tree } from '../support/trees.ts'

const now = new Date('2026-03-28T06:00:00Z')
const echo = { 'echo>': 'x' }
const FAILED: TaskEvent = { kind: 'failed', error: { message: 'it broke' } }
const ERRORS = ['+wf planned', '+wf+a error', '+wf^failure-alert ready']
const LOST: TaskEvent = { kind: 'lost', exitCause: 'lost with worker w1' }

function open(config: JsonObject): MemoryAttempt {
  const tree = planTree(config, '+wf')
  if (!tree.ok) throw new Error(tree.message)
  return new MemoryAttempt(tree.tasks)
}
const find = (attempt: MemoryAttempt, name: string): MemoryTask => {
  const task = attempt.tasks.findLast(({ fullName }) => fullName === name)
  if (task === undefined) throw new Error(`there is no ${name}`)
  return task
}
const begin = (attempt: MemoryAttempt, name: string, rest: Partial<Parameters<MemoryAttempt['begin']>[1]> = {}) => {
  const { id } = find(attempt, name)
  attempt.begin(id, { retry: null, isRetryable: false, ...rest })
  return id
}
const states = (attempt: MemoryAttempt) => attempt.tasks.map(({ fullName, state }) => `${fullName} ${state}`)

describe('a task whose worker was lost', () => {
  it.each([
    ['was never to be repeated', { isRetryable: false }, 'unknown'],
    ['does no harm when repeated', { isRetryable: true }, 'ready'],
    ['has `_retry`', { isRetryable: true, retry: RETRY }, 'retry_waiting'],
    ['has `_retry` for errors only', { isRetryable: false, retry: { ...RETRY, onLoss: false } }, 'unknown'],
  ] as const)('that %s', (_, rest, state) => {
    const attempt = open({ '+a': echo })
    const id = begin(attempt, '+wf+a', rest)
    attempt.happen(id, LOST, now)
    expect(attempt.get(id).state).toBe(state)
  })

  it('keeps its attempt open until a person decides', () => {
    const attempt = open({ '+a': echo, '+b': echo })
    const id = begin(attempt, '+wf+a')
    attempt.happen(id, LOST, now)
    expect(attempt.root.state).toBe('planned')
    attempt.happen(id, { kind: 'decided', as: 'success', who: 'ana' }, now)
    expect(states(attempt)).toEqual(['+wf planned', '+wf+a success', '+wf+b ready'])
  })

  it('runs its `_error` task when a person says that it failed, and starts anew when told to', () => {
    const failed = open({ '+a': { ...echo, _error: echo } })
    failed.happen(begin(failed, '+wf+a'), LOST, now)
    failed.happen(find(failed, '+wf+a').id, { kind: 'decided', as: 'error', who: 'ana' }, now)
    expect(states(failed)).toEqual(['+wf planned', '+wf+a planned', '+wf+a^error ready'])
    const again = open({ '+a': echo })
    again.happen(begin(again, '+wf+a'), LOST, now)
    again.happen(find(again, '+wf+a').id, { kind: 'decided', as: 'retry', who: 'ana' }, now)
    expect(states(again)).toEqual(['+wf planned', '+wf+a ready'])
  })
})

describe('a task with `_check`', () => {
  it.each([
    [{ 'echo>': 'c' }, ['+wf planned', '+wf+a planned', '+wf+a^check ready'], undefined],
    [{}, ['+wf success', '+wf+a success'], undefined],
    [null, ['+wf success', '+wf+a success'], undefined],
    ['text', ERRORS, "Parameter '_check' must be an object (config)"],
    [[1], ERRORS, "Parameter '_check' must be an object (config)"],
  ])('%j that has succeeded', (check, after, message) => {
    const attempt = open({ '+a': { ...echo, _check: check } })
    attempt.happen(begin(attempt, '+wf+a'), SUCCEEDED, now)
    expect(states(attempt)).toEqual(after)
    expect(find(attempt, '+wf+a').error?.message).toBe(message)
  })
})

describe('an attempt that is late', () => {
  const late = (sla: JsonObject) => {
    const attempt = open({ sla, '+a': echo })
    attempt.happen(attempt.root.id, { kind: 'late' }, now)
    return states(attempt).slice(2)
  }

  it.each<[JsonObject, readonly string[]]>([
    [{ time: '02:00' }, ['+wf^sla^alert ready', '+wf^sla success']],
    [{ time: '02:00', alert: false, fail: 'true' }, ['+wf^sla^fail ready', '+wf^sla success']],
    [
      { duration: '02:00', alert: 'maybe', fail: [], '+n': echo },
      ['+wf^sla^alert ready', '+wf^sla planned', '+wf^sla+n ready'],
    ],
    [{ duration: '02:00', alert: false, ...echo }, ['+wf^sla ready']],
    [{ duration: '02:00', '+n': { ...echo, 'sh>': 'x' } }, ['+wf^sla^alert ready']],
  ])('by %j', (sla, planted) => {
    expect(late(sla)).toEqual(planted)
  })

  it('is told of nothing more when it is stopped', () => {
    const attempt = open({ sla: { time: '02:00' }, '+a': echo })
    begin(attempt, '+wf+a')
    attempt.cancel()
    attempt.happen(attempt.root.id, { kind: 'late' }, now)
    expect(attempt.tasks).toHaveLength(2)
  })
})

describe('a task that fails', () => {
  it('waits longer each time, then fails for good', () => {
    const attempt = open({ '+a': echo })
    const delays: (number | undefined)[] = []
    for (let n = 0; n < 3; n++) {
      const id = begin(attempt, '+wf+a', { retry: RETRY })
      attempt.happen(id, FAILED, now)
      const { retryAt } = attempt.get(id)
      delays.push(retryAt === null ? undefined : retryAt.getTime() - now.getTime())
      if (retryAt !== null) attempt.happen(id, { kind: 'due' }, later)
    }
    expect(delays).toEqual([1000, 2000, undefined])
    expect(find(attempt, '+wf+a')).toMatchObject({ state: 'error', stateParams: { retry_count: 2 } })
  })

  it('takes no try when it only could not be run', () => {
    const attempt = open({ '+a': echo })
    const id = begin(attempt, '+wf+a')
    attempt.happen(id, { kind: 'postponed', retryAt: later, exitCause: 'no engine' }, now)
    expect(attempt.get(id)).toMatchObject({ state: 'retry_waiting', stateParams: {} })
  })
})

describe('the tasks of a tree', () => {
  it.each([
    ['a sequence', { '+a': echo, '+b': echo }, ['+wf+a']],
    ['side by side', { _parallel: true, '+a': echo, '+b': echo }, ['+wf+a', '+wf+b']],
    ['in chunks', { _parallel: { limit: 2 }, '+a': echo, '+b': echo, '+c': echo }, ['+wf+a', '+wf+b']],
    ['in the background', { '+a': echo, '+b': { ...echo, _background: true }, '+c': echo }, ['+wf+a', '+wf+b']],
    ['behind an empty group', { '+e': {}, '+b': echo }, ['+wf+b']],
  ])('%s begin', (_, config, ready) => {
    expect(
      open(config)
        .tasks.filter(({ state }) => state === 'ready')
        .map(({ fullName }) => fullName),
    ).toEqual(ready)
  })
})

function expectLegal(attempt: MemoryAttempt) {
  for (const { upstreams, state, parentId, isSuperseded } of attempt.tasks) {
    if (state === 'blocked' || state === 'canceled' || isSuperseded) continue
    for (const id of upstreams) expect(attempt.get(id).state).toBe('success')
    if (parentId !== null) expect(['blocked', 'ready', 'retry_waiting']).not.toContain(attempt.get(parentId).state)
  }
  const isMoving = attempt.tasks.some(
    ({ state, kind }) => isOpen(state) && (kind === 'operator' ? state !== 'planned' : state === 'group_retry_waiting'),
  )
  expect(isFinal(attempt.root.state)).toBe(!isMoving)
}

describe('any order of events', () => {
  it(
    'makes legal moves only, starts nothing before its needs, and leaves the attempt either over or moving',
    () => {
      fc.assert(
        fc.property(
          tree,
          fc.array(fc.nat(), { minLength: 40, maxLength: 150 }),
          fc.nat({ max: 200 }),
          (config, dice, cancelAt) => {
            const attempt = open(config)
            expectLegal(attempt)
            for (const [step, one] of dice.entries()) {
              if (isFinal(attempt.root.state)) break
              const moves = step === cancelAt ? attempt.cancel() : roll(attempt, one)
              for (const { from, to } of moves) expect(MOVES[from]).toHaveProperty(to)
              expectLegal(attempt)
            }
          },
        ),
        effort(150),
      )
    },
    PROPERTY_MS,
  )

  it(
    'ends an attempt when everything succeeds, and a kill ends it when what runs has stopped',
    () => {
      fc.assert(
        fc.property(tree, fc.nat({ max: 20 }), (config, steps) => {
          const attempt = open(config)
          for (let n = 0; n < steps && !isFinal(attempt.root.state); n++) roll(attempt, n * 6)
          if (isFinal(attempt.root.state)) return
          attempt.cancel()
          for (const { id, state } of attempt.tasks) if (state === 'running') attempt.happen(id, SUCCEEDED, now)
          expect(attempt.root.state).toBe('canceled')
          expect(attempt.tasks.filter(({ state }) => isOpen(state))).toEqual([])
        }),
        effort(100),
      )
    },
    PROPERTY_MS,
  )
})

/** Starts a ready task or lets something happen to an open one; the same again must change nothing. */
function roll(attempt: MemoryAttempt, dice: number) {
  const able = attempt.tasks.filter((task) => task.state === 'ready' || nextEvent(task, dice) !== null)
  const task = able[dice % able.length]
  if (task === undefined) throw new Error('nothing can move')
  if (task.state === 'ready') {
    attempt.begin(task.id, { retry: task.config._retry === undefined ? null : RETRY, isRetryable: dice % 2 === 0 })
    return []
  }
  const event = nextEvent(task, dice)
  if (event === null) throw new Error('nothing can happen to it')
  const moves = attempt.happen(task.id, event, later)
  if (attempt.get(task.id).state !== 'retry_waiting' || event.kind !== 'due')
    expect(attempt.happen(task.id as TaskId, event, later)).toEqual([])
  return moves
}
