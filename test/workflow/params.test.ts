import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/brand.ts'
import { isJsonObject } from '../../src/workflow/merge.ts'
import { builtInParams, collectParams } from '../../src/workflow/params.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

const { params } = fc.letrec<{ params: JsonObject; value: Json }>((tie) => ({
  params: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('value')).map((one) => ({ ...one })),
  value: fc.oneof({ maxDepth: 3 }, fc.constantFrom<Json>(1, 'x', null, false, [1], [{ a: 1 }]), tie('params')),
}))

const at = (object: JsonObject, path: readonly string[]) =>
  path.reduce<Json | undefined>(
    (from, key) => (isJsonObject(from) && Object.hasOwn(from, key) ? from[key] : undefined),
    object,
  )

/** Every value that is no mapping, with the way to it. */
const leavesOf = (object: JsonObject, path: readonly string[] = []): readonly (readonly [readonly string[], Json])[] =>
  Object.entries(object).flatMap(([key, value]) =>
    isJsonObject(value) ? leavesOf(value, [...path, key]) : [[[...path, key], value] as const],
  )

/** Something else than a mapping stands on the way in `object`, or anything at its end. */
const covers = (object: JsonObject, path: readonly string[]) =>
  at(object, path) !== undefined ||
  path.some((_, length) => {
    const onTheWay = at(object, path.slice(0, length))
    return onTheWay !== undefined && !isJsonObject(onTheWay)
  })

describe('params', () => {
  it('merge mappings deeply, replace all else, and keep the place of a key', () => {
    const layers = [{ params: { a: { x: 1, y: [1] }, b: 1 } }, { params: { c: 1, a: { y: [2], z: null } } }]
    expect(JSON.stringify(collectParams(layers))).toBe('{"a":{"x":1,"y":[2],"z":null},"b":1,"c":1}')
  })

  it(
    'show every value of the upper layer, and of the lower one whatever that does not cover',
    () => {
      fc.assert(
        fc.property(params, params, (below, above) => {
          const before = JSON.stringify([below, above])
          const merged = collectParams([{ params: below }, { params: above }])
          for (const [path, value] of leavesOf(above)) expect(at(merged, path)).toEqual(value)
          for (const [path, value] of leavesOf(below)) if (!covers(above, path)) expect(at(merged, path)).toEqual(value)
          const known = [...leavesOf(above), ...leavesOf(below)].map(([path]) => path.join('.'))
          for (const [path] of leavesOf(merged)) expect(known).toContain(path.join('.'))
          expect(collectParams([{ params: merged }, { params: merged }])).toEqual(merged)
          expect(JSON.stringify([below, above])).toBe(before)
        }),
        effort(300),
      )
    },
    PROPERTY_MS,
  )

  it(
    'merge as they come, in the order in which keys were first seen',
    () => {
      const keysOf = (object: JsonObject): readonly string[] => Object.keys(object)
      fc.assert(
        fc.property(params, params, params, (one, two, three) => {
          const layers = [one, two, three].map((layer) => ({ params: layer }))
          const merged = collectParams(layers)
          const first = collectParams(layers.slice(0, 2))
          expect(JSON.stringify(collectParams([{ params: first }, { params: three }]))).toBe(JSON.stringify(merged))
          expect(keysOf(merged)).toEqual([...new Set([one, two, three].flatMap(keysOf))])
          expect(JSON.stringify(collectParams([{ params: {} }, ...layers, { params: {} }]))).toBe(
            JSON.stringify(merged),
          )
        }),
        effort(300),
      )
    },
    PROPERTY_MS,
  )

  it(
    'have nothing of what was reset, and all that came with the reset',
    () => {
      const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
      fc.assert(
        fc.property(params, path, params, (below, reset, above) => {
          const merged = collectParams([{ params: below }, { params: above, reset: [reset.join('.')] }])
          if (!covers(above, reset)) expect(at(merged, reset)).toBeUndefined()
          for (const [leaf, value] of leavesOf(above)) expect(at(merged, leaf)).toEqual(value)
        }),
        effort(300),
      )
    },
    PROPERTY_MS,
  )

  it('are reset before they are set', () => {
    const below = { params: { http: { last_status: 200, last_content: 'x' }, k: 1 } }
    expect(collectParams([below, { params: { n: 1 }, reset: ['http.last_content', 'k', 'no.such'] }])).toEqual({
      ...{ http: { last_status: 200 }, n: 1 },
    })
  })

  it('cannot be poisoned by names', () => {
    const evil = JSON.parse('{"__proto__": {"x": 1}, "constructor": {"prototype": {"x": 1}}}')
    expect(Object.keys(collectParams([{ params: evil }, { params: evil }]))).toEqual(['__proto__', 'constructor'])
    expect({}).not.toHaveProperty('x')
  })

  const facts = { sessionUuid: 'u', sessionId: '2', attemptId: '3', projectId: '4', taskName: '+wf+a' }

  it('tell the session', () => {
    const session = { ...facts, timezone: 'America/Los_Angeles', sessionTime: new Date('2016-01-30T08:00:00Z') }
    const given = { last_session_time: '2016-01-29T17:00:00+09:00', other: 1 }
    expect(Object.entries(builtInParams({ ...session, retryAttemptName: 'again' }, given))).toEqual([
      ['timezone', 'America/Los_Angeles'],
      ['session_uuid', 'u'],
      ['session_time', '2016-01-30T00:00:00-08:00'],
      ['session_id', 2],
      ['session_date', '2016-01-30'],
      ['session_date_compact', '20160130'],
      ['session_local_time', '2016-01-30 00:00:00'],
      ['session_tz_offset', '-0800'],
      ['session_unixtime', 1454140800],
      ['last_session_date', '2016-01-29'],
      ['last_session_date_compact', '20160129'],
      ['last_session_local_time', '2016-01-29 00:00:00'],
      ['last_session_tz_offset', '-0800'],
      ['last_session_unixtime', 1454054400],
      ['last_executed_session_time', ''],
      ['last_executed_session_date', ''],
      ['last_executed_session_date_compact', ''],
      ['last_executed_session_local_time', ''],
      ['last_executed_session_tz_offset', '-0800'],
      ['last_executed_session_unixtime', ''],
      ['project_id', 4],
      ['retry_attempt_name', 'again'],
      ['attempt_id', 3],
      ['task_name', '+wf+a'],
    ])
  })

  it.each([
    ['2026-01-01T00:00:00+09:00', '2026-01-01'],
    ['2026-01-01T00:00:00+00:00', '2026-01-01'],
    ['2026-01-01T00:00:00Z', undefined],
    ['2026-01-01', undefined],
    ['2026-01-01T00:00:00.000+00:00', undefined],
    ['2026-13-01T00:00:00+00:00', undefined],
    [5, undefined],
    [null, undefined],
    [{}, undefined],
  ])('of a given time %j follow as in Digdag', (time, date) => {
    const session = { ...facts, timezone: 'Asia/Tokyo', sessionTime: new Date(0) }
    const given = { last_session_time: time, next_session_time: time, last_executed_session_time: time }
    const seen = builtInParams(session, given)
    expect([seen.last_session_date, seen.next_session_date]).toEqual([date, date])
    expect(seen.last_executed_session_date).toBe(time === null ? '' : date)
    expect(['last_session_time', 'next_session_time'].filter((key) => key in seen)).toEqual([])
  })
})
