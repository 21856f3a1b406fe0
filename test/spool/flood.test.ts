import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADAPTERS, openStage, placeOf, runOf, type Stage, shell, unpackNothing } from '../support/executors.ts'

const MIB = 2 ** 20
const CAP = 4 * MIB

describe.each(ADAPTERS)('a flood under the %s executor', (adapter) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(adapter)
    await stage.executor.open(placeOf('1'), unpackNothing)
  })
  afterAll(() => stage.close())

  it('costs no more disk than the cap and what is written between two cuts', async () => {
    const run = runOf('1', '1')
    const file = join(stage.home, 'worker/1/spool/1-1.out')
    let largest = 0
    const watch = setInterval(async () => {
      largest = Math.max(largest, (await stat(file).catch(() => ({ size: 0 }))).size)
    }, 20)
    await stage.executor.start(run, shell('yes sluice | head -c 1000000000; exit 5'))
    let taken = 0
    let isExact = true
    const exit = await stage.executor.follow(
      run,
      0,
      async (bytes) => {
        const period = Buffer.from('sluice\n'.repeat(Math.ceil(bytes.length / 7) + 1))
        isExact &&= period.subarray(taken % 7, (taken % 7) + bytes.length).equals(bytes)
        taken += bytes.length
      },
      { capBytes: CAP },
    )
    clearInterval(watch)
    expect(exit).toEqual({ kind: 'exited', code: 5 })
    expect({ taken, isExact }).toEqual({ taken: CAP + 1, isExact: true })
    expect((await stat(file)).size).toBeLessThanOrEqual(CAP + 1)
    expect(largest).toBeLessThan(700 * MIB)
  }, 60_000)

  it('keeps the bytes of a slow reader exact', async () => {
    const run = runOf('1', '2')
    await stage.executor.start(run, shell('seq 1 200000'))
    const parts: Buffer[] = []
    await stage.executor.follow(run, 0, async (bytes) => {
      parts.push(Buffer.from(bytes))
      await new Promise((resolve) => setTimeout(resolve, 5))
    })
    expect(Buffer.concat(parts).toString()).toBe(`${Array.from({ length: 200_000 }, (_, i) => i + 1).join('\n')}\n`)
  })

  it('goes on from an offset', async () => {
    const parts: Buffer[] = []
    await stage.executor.follow(runOf('1', '2'), 4, async (bytes) => void parts.push(Buffer.from(bytes)))
    expect(Buffer.concat(parts).toString('utf8', 0, 6)).toBe('3\n4\n5\n')
  })
})
