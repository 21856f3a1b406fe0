import { describe, expect, it } from 'vitest'
import { openMemory } from '../../src/app/memory.ts'

describe('memory', () => {
  it('is never given twice, and goes to whoever came first', async () => {
    const memory = openMemory(10)
    const order: string[] = []
    const first = await memory.take(6)
    const second = memory.take(5).then((letGo) => {
      order.push('second')
      return letGo
    })
    const third = memory.take(4).then((letGo) => {
      order.push('third')
      return letGo
    })
    await Promise.resolve()
    expect(order).toEqual([]) // the third would fit, but it came later
    first()
    first()
    await Promise.all([second, third])
    expect(order).toEqual(['second', 'third'])
    expect(await memory.takeWithin(1, 2)).toBeUndefined()
  })

  it('is given to the next when somebody gives up, and whole to whoever wants more than there is', async () => {
    const memory = openMemory(10)
    const first = await memory.take(6)
    const large = memory.takeWithin(5, 99)
    const small = memory.take(4)
    expect(await large).toBeUndefined()
    ;(await small)()
    first()
    const all = await memory.takeWithin(5, 99)
    expect(all).toBeTypeOf('function')
    expect(await memory.takeWithin(1, 1)).toBeUndefined()
  })
})
