import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Passwords } from '../../src/app/check-password.ts'
import { checkToken } from '../../src/app/check-token.ts'
import { checkPasswordLength, createAdmin } from '../../src/app/create-admin.ts'
import { createToken, renewToken } from '../../src/app/create-token.ts'
import { revokeToken } from '../../src/app/revoke-token.ts'
import type { UserId } from '../../src/brand.ts'
import type { Database } from '../../src/db/sql.ts'
import { listTokens } from '../../src/db/tokens.ts'
import { openTestSchema } from '../support/schema.ts'

const NOW = new Date('2026-03-28T06:00:00Z')
let sql: Database
let drop: () => Promise<void>
let userId: UserId
let password: string

beforeAll(async () => {
  ;({ sql, drop } = await openTestSchema('tokens'))
  password = (await createAdmin({ sql }, {}, NOW))?.password ?? ''
  const [user] = await sql<[{ id: UserId }]>`select id from users`
  userId = user.id
})
afterAll(() => drop())

describe('the user admin', () => {
  it('is created once, with an argon2id hash', async () => {
    expect(await createAdmin({ sql }, { password: 'another password' }, NOW)).toBeNull()
    const [{ hash }] = await sql<[{ hash: string }]>`select password_hash as hash from users`
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })

  it('pays argon2 once, then is remembered', async () => {
    const passwords = new Passwords()
    const check = () => passwords.check(sql, { name: 'admin', address: '::1', password }, NOW)
    expect((await check()).kind).toBe('passed')
    const started = performance.now()
    for (let times = 0; times < 20; times++) expect((await check()).kind).toBe('passed')
    expect((performance.now() - started) / 20).toBeLessThan(10) // argon2 takes 20 ms and more
  })

  it('needs a password of some length', () => {
    expect(() => checkPasswordLength('short')).toThrow('That password is too short or too long')
  })
})

describe('a personal token', () => {
  it('opens until it is revoked', async () => {
    const token = await createToken({ sql }, { userId, name: ' laptop ' }, NOW)
    expect(token).toMatch(/^sluice_[\w-]{43}$/)
    expect(await checkToken({ sql }, token, NOW)).toEqual({ id: userId, name: 'admin' })
    const [listed] = await listTokens(sql, userId)
    expect(listed).toMatchObject({ name: 'laptop', lastUsedAt: NOW })
    if (listed === undefined) throw new Error('it is not listed')
    const stranger = String(Number(userId) + 1) as UserId
    await expect(revokeToken({ sql }, stranger, listed.id)).rejects.toMatchObject({ code: 'not_found' })
    expect(await checkToken({ sql }, token, NOW)).toBeDefined()
    await revokeToken({ sql }, userId, listed.id)
    expect(await checkToken({ sql }, token, NOW)).toBeUndefined()
  })

  it('takes the place of a lost one of the same name', async () => {
    const old = await createToken({ sql }, { userId, name: 'home' }, NOW)
    await expect(createToken({ sql }, { userId, name: 'home' }, NOW)).rejects.toThrow(
      'You have a token named home already',
    )
    const renewed = await renewToken({ sql }, { userId, name: 'home' }, NOW)
    expect(await checkToken({ sql }, old, NOW)).toBeUndefined()
    expect(await checkToken({ sql }, renewed, NOW)).toBeDefined()
  })
})
