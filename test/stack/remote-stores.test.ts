import { rm } from 'node:fs/promises'
import { Redis } from 'ioredis'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeAddress, noOwnEngine } from '../support/engine.ts'
import { noStack, openStack, PATIENCE, SECRETS, type Stack } from '../support/stack.ts'
import { makeStoreCertificates } from '../support/store-certificates.ts'

const why = noStack ?? noOwnEngine
const isLong = process.env.SLUICE_TEST_LONG === 'yes'

describe.runIf(isLong && why === undefined)('published stores [needs --long]', { timeout: 600_000 }, () => {
  let place: ReturnType<typeof makeAddress>
  let certificates = ''
  let stack: Stack
  beforeAll(async () => {
    place = makeAddress()
    certificates = await makeStoreCertificates(place.address)
    const settings = { PRIVATE_ADDRESS: place.address, STORE_CERTIFICATES: certificates }
    stack = await openStack({ files: ['compose.remote.yaml'], settings })
    await stack.compose('up', '--detach', 'postgres', 'redis')
  }, 600_000)
  afterAll(async () => {
    await stack?.stop()
    if (certificates !== '') await rm(certificates, { recursive: true, force: true })
    place?.remove()
  }, 120_000)

  const askPostgres = async (ssl: boolean) => {
    const options = { host: place.address, user: 'sluice', password: SECRETS.POSTGRES_PASSWORD, database: 'sluice' }
    const sql = postgres({ ...options, max: 1, ssl: ssl ? { rejectUnauthorized: false } : false })
    return sql`select 1 as one`.then(([row]) => row?.one).finally(() => sql.end())
  }

  it('of PostgreSQL take other hosts by TLS alone, and the stack without', async () => {
    await vi.waitFor(async () => expect(await askPostgres(true)).toBe(1), PATIENCE)
    await expect(askPostgres(false)).rejects.toThrow(/no pg_hba\.conf entry .* no encryption/)
    const url = `postgres://sluice:${SECRETS.POSTGRES_PASSWORD}@postgres:5432/sluice?sslmode=disable`
    expect(await stack.exec('postgres', 'psql', url, '--tuples-only', '--no-align', '--command', 'select 1')).toBe(
      '1\n',
    )
  })

  it('of Redis do not start in the clear beside a certificate, and start with TLS', async () => {
    await stack.says('redis', 'STORE_CERTIFICATES has a certificate, and port 6379 would be published')
    await stack.set({ REDIS_PUBLISHED: '6380' })
    await stack.compose('up', '--detach', 'redis')
    const redis = new Redis(`rediss://:${SECRETS.REDIS_PASSWORD}@${place.address}:6380`, {
      tls: { rejectUnauthorized: false },
      lazyConnect: true,
    }).on('error', () => {})
    await vi.waitFor(async () => expect(await redis.ping()).toBe('PONG'), PATIENCE)
    redis.disconnect()
    const plain = new Redis(`redis://:${SECRETS.REDIS_PASSWORD}@${place.address}:6379`, {
      lazyConnect: true,
      retryStrategy: () => null,
    }).on('error', () => {})
    await expect(plain.connect()).rejects.toThrow(/closed|ECONNREFUSED/)
  })
})
