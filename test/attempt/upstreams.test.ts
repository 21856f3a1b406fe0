import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listUpstreams } from '../../src/attempt/upstreams.ts'
import type { TaskId } from '../../src/brand.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

/** `upstreams[n]` is what task n waited for. */
const list = (id: number, upstreams: Readonly<Record<number, readonly number[]>>) =>
  listUpstreams(String(id) as TaskId, (one) => (upstreams[Number(one)] ?? []).map((far) => String(far) as TaskId)).map(
    Number,
  )

describe('what a task waited for', () => {
  it.each([
    ['nothing', 1, {}, []],
    ['a sequence', 4, { 4: [3], 3: [2], 2: [1] }, [1, 2, 3]],
    ['all of a group', 4, { 4: [3, 1, 2] }, [1, 2, 3]],
    ['chunks', 5, { 3: [1, 2], 4: [1, 2], 5: [3, 4] }, [1, 2, 3, 4]],
    ['what waited for an older one', 4, { 4: [2, 3], 3: [1] }, [2, 1, 3]], // as Digdag, asked with real tasks
    ['ids of several lengths', 11, { 11: [10, 9] }, [9, 10]],
  ])('%s comes in the order of its stores', (_, id, upstreams, order) => {
    expect(list(id, upstreams)).toEqual(order)
  })

  it('may be ten thousand in a row', () => {
    const chain = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [at + 2, [at + 1]]))
    expect(list(10_001, chain)).toHaveLength(10_000)
  })

  it(
    'comes once each, everything after what it waited for itself',
    () => {
      const graph = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
      fc.assert(
        fc.property(graph, (drawn) => {
          const upstreams = Object.fromEntries(
            drawn.map((ids, at) => [at, at === 0 ? [] : [...new Set(ids.map((id) => id % at))]]),
          )
          const order = list(drawn.length - 1, upstreams)
          expect(new Set(order).size).toBe(order.length)
          for (const [place, id] of order.entries())
            for (const far of upstreams[id] ?? []) expect(order.slice(0, place)).toContain(far)
          for (const near of upstreams[drawn.length - 1] ?? []) expect(order).toContain(near)
        }),
        effort(200),
      )
    },
    PROPERTY_MS,
  )
})
