import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { openWait } from '../../src/expression/wait.ts'

const open = () => new Int32Array(new SharedArrayBuffer(4))

describe('waiting for another thread', () => {
  it('ends at once when the state is another', () => {
    const startedAt = performance.now()
    openWait()(open(), 1)
    expect(performance.now() - startedAt).toBeLessThan(20)
  })

  it('ends when the time is over', () => {
    const startedAt = performance.now()
    openWait()(open(), 0, 30)
    expect(performance.now() - startedAt).toBeGreaterThan(29)
  })

  it.runIf(availableParallelism() > 1)('looks for long only where it is of use', () => {
    const [wait, state] = [openWait(), open()]
    const taken = Array.from({ length: 320 }, () => {
      const startedAt = performance.now()
      wait(state, 0, 0)
      return performance.now() - startedAt
    })
    const looks = taken.filter((ms) => ms >= 0.5).length
    expect(looks).toBeGreaterThanOrEqual(11)
    expect(looks).toBeLessThan(60)
  })
})
