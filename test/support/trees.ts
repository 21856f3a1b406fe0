import fc from 'fast-check'
import type { TaskEvent } from '../../src/attempt/decide.ts'
import type { MemoryTask } from '../../src/attempt/memory.ts'
import type { JsonObject } from '../../src/brand.ts'

const now = new Date('2026-03-28T06:00:00Z')
export const later = new Date('2026-03-28T07:00:00Z')
const echo = { 'echo>': 'x' }
const NONE = { store: {}, export: {}, reset: [] }
export const SUCCEEDED: TaskEvent = { kind: 'succeeded', result: NONE, subtasks: null }
export const RETRY = { limit: 2, intervalMs: 1000, backoff: 'exponential', maxIntervalMs: null, onLoss: true } as const

const leaf = fc.record({ 'sh>': fc.constant('x') }).chain((task) =>
  fc.record({ retry: fc.constantFrom(undefined, 1), handler: fc.boolean(), check: fc.boolean() }).map(
    ({ retry, handler, check }): JsonObject => ({
      ...task,
      ...(retry === undefined ? {} : { _retry: retry }),
      ...(handler ? { _error: echo } : {}),
      ...(check ? { _check: echo } : {}),
    }),
  ),
)
const { node } = fc.letrec<{ node: JsonObject; group: JsonObject }>((tie) => ({
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('group')),
  group: fc
    .record({
      children: fc.array(tie('node'), { maxLength: 4 }),
      parallel: fc.constantFrom(undefined, true, { limit: 2 }),
      retry: fc.constantFrom(undefined, 1, { limit: 1, interval: 60 }),
      handler: fc.boolean(),
    })
    .map(
      ({ children, parallel, retry, handler }): JsonObject => ({
        ...(parallel === undefined ? {} : { _parallel: parallel }),
        ...(retry === undefined ? {} : { _retry: retry }),
        ...(handler ? { _error: echo } : {}),
        ...Object.fromEntries(children.map((child, index) => [`+t${index}`, child])),
      }),
    ),
}))

/** Workflows of groups in groups, with `_parallel`, `_retry`, `_error` and `_check`. */
export const tree = fc
  .array(node, { minLength: 1, maxLength: 4 })
  .map((children): JsonObject => Object.fromEntries(children.map((child, index) => [`+t${index}`, child])))

const EVENTS: readonly TaskEvent[] = [
  SUCCEEDED,
  { ...SUCCEEDED, subtasks: { '+x': echo, '+y': { _retry: 1, '+z': echo } } },
  { ...SUCCEEDED, subtasks: {} },
  { kind: 'succeeded', result: { store: { a: { b: 1 } }, export: { c: 2 }, reset: ['d'] }, subtasks: null },
  { kind: 'failed', error: { message: 'it broke' } },
  { kind: 'lost', exitCause: 'lost with worker w1' },
  { kind: 'postponed', retryAt: later, exitCause: 'no engine' },
  { kind: 'postponed', retryAt: now, exitCause: 'no engine' },
]

/** What may happen to a task in its state; the dice choose. */
export function nextEvent({ state, fullName }: Pick<MemoryTask, 'state' | 'fullName'>, dice: number): TaskEvent | null {
  if (state === 'retry_waiting' || state === 'group_retry_waiting') return { kind: 'due' }
  if (state === 'unknown')
    return { kind: 'decided', as: (['success', 'error', 'retry'] as const)[dice % 3] ?? 'error', who: 'ana' }
  if (state !== 'running') return null
  const isDeep = fullName.split('^sub').length > 2
  return (isDeep ? SUCCEEDED : EVENTS[dice % EVENTS.length]) ?? SUCCEEDED
}
