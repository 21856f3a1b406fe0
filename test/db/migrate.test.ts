import { afterAll, describe, expect, it } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('migrate')
afterAll(drop)

describe('migrations', () => {
  it('are applied once', async () => {
    expect(await migrate(sql)).toEqual([])
  })

  it('refuse a file that was edited after it had been applied', async () => {
    await sql`update migrations set sha256 = 'edited'`
    await expect(migrate(sql)).rejects.toThrow('was edited after it had been applied')
  })
})
