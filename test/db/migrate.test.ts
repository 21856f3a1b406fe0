import { afterAll, describe, expect, it } from 'vitest'
import { isMigrated, migrate } from '../../src/db/migrate.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('migrate')
afterAll(drop)

describe('migrations', () => {
  it('are applied once', async () => {
    expect(await migrate(sql)).toEqual([])
  })

  it('are seen to be missing', async () => {
    expect(await isMigrated(sql)).toBe(true)
    const [last] =
      await sql`delete from migrations where name = (select max(name) from migrations) returning name, sha256`
    expect(await isMigrated(sql)).toBe(false)
    await sql`insert into migrations ${sql(last ?? {})}`
  })

  it('refuse a file that was edited after it had been applied', async () => {
    await sql`update migrations set sha256 = 'edited'`
    await expect(migrate(sql)).rejects.toMatchObject({
      name: 'Refusal',
      message: 'The database was made by another version of 0001-spine.sql.',
    })
  })
})
