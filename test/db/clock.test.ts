import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { openClock } from '../../src/db/clock.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('clock')
afterAll(drop)
afterEach(() => vi.useRealTimers())

const NEAR_MS = 5_000 // a machine that is busy
const report = (error: unknown) => expect.unreachable(String(error))

describe('the clock', () => {
  it('is this host’s where that is close to the database’s, and nothing is said', async () => {
    const said: string[] = []
    const clock = await openClock(sql, { say: (line) => said.push(line), report })
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(NEAR_MS)
    expect(said).toEqual([])
    await clock.close()
  })

  it.each([
    [3_600_000, 'ahead of'],
    [-3_600_000, 'behind'],
  ])('is the database’s where the host’s is off by %i ms, and says so once', async (aheadMs, where) => {
    const said: string[] = []
    const trueMs = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: trueMs + aheadMs })
    const clock = await openClock(sql, { say: (line) => said.push(line), report })
    expect(Math.abs(clock.now().getTime() - trueMs)).toBeLessThan(NEAR_MS)
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(new RegExp(`^This host’s clock is 3\\d{3} s ${where} the database’s`))
    await clock.close()
  })
})
