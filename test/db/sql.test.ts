import { readFile } from 'node:fs/promises'
import { describe, expect, inject, it } from 'vitest'
import { isDatabaseAway, openDatabase } from '../../src/db/sql.ts'

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )

describe('a database that is away', () => {
  it('refuses', async () => {
    const nobody = openDatabase('postgres://127.0.0.1:1/x', { max: 1 })
    expect(isDatabaseAway(await errorOf(nobody`select 1`))).toBe(true)
    await nobody.end({ timeout: 0 })
  })

  it('is not what a missing file or a wrong statement tells of', async () => {
    expect(isDatabaseAway(await errorOf(readFile('/nowhere/at/all')))).toBe(false)
    const sql = openDatabase(inject('databaseUrl'), { max: 1 })
    expect(isDatabaseAway(await errorOf(sql`select nonsense`))).toBe(false)
    await sql.end()
  })
})
