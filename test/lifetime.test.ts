import { expect, it } from 'vitest'
import { openLifetime } from '../src/lifetime.ts'

it('closes all that was opened, the last first, though one of them cannot be closed', async () => {
  const closed: string[] = []
  const { close } = await openLifetime(async (lifetime) => {
    lifetime.onEnd(async () => closed.push('database'))
    lifetime.onEnd(() => Promise.reject(new Error('gone')))
    lifetime.onEnd(async () => closed.push('web'))
  })
  await expect(close()).rejects.toThrow('gone')
  expect(closed).toEqual(['web', 'database'])
})
