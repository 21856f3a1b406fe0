import { randomUUID } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { keepTimeIfFree, leaveTime } from '../../src/db/time-keeper.ts'
import { openTestSchema } from '../support/schema.ts'

const [ONE, OTHER] = [randomUUID(), randomUUID()]
const { sql, drop } = await openTestSchema('time-keeper')
afterAll(drop)

it('is kept by one web, until it leaves or falls silent', async () => {
  expect(await keepTimeIfFree(sql, ONE, 60)).toBe(true)
  expect(await keepTimeIfFree(sql, OTHER, 60)).toBe(false)
  expect(await keepTimeIfFree(sql, ONE, 60)).toBe(true)
  await leaveTime(sql, ONE)
  expect(await keepTimeIfFree(sql, OTHER, 0)).toBe(true)
  expect(await keepTimeIfFree(sql, ONE, 60)).toBe(true)
})
