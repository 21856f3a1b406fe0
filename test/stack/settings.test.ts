import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { PROXY_SETTINGS, SETTINGS } from '../../src/config.ts'
import { makeCheckout, noStack, SECRETS } from '../support/stack.ts'

type Service = { readonly environment: Readonly<Record<string, string>> }
type Stack = { readonly services: Readonly<Record<string, Service>> }

/** What compose makes of its files and of this `.env`. */
async function read(settings: Readonly<Record<string, string>>): Promise<Stack> {
  const { compose, remove } = await makeCheckout({ ...SECRETS, ...settings })
  const { out, err } = await compose('sluicetest', '--profile', 'smee', '--profile', 'remote-worker', 'config')
  await remove()
  if (out === '') throw new Error(err)
  return parse(out) as Stack // compose's own form
}

const NAMES = Object.values(SETTINGS).map(({ name }) => name)
const given = Object.fromEntries([...NAMES, ...PROXY_SETTINGS].map((name) => [name, `/given/${name}`]))

/** Those that compose.yaml itself decides, and why. */
const DECIDED = {
  web: {
    SLUICE_HOME: 'a volume is mounted there',
    SLUICE_LISTEN: 'HAProxy looks for it there',
    DATABASE_URL: 'the stack’s own',
    REDIS_URL: 'the stack’s own',
    SLUICE_EXECUTOR: 'a container has no other',
    SLUICE_TRUSTED_PROXIES: 'HAProxy is in one of them',
    SLUICE_WEB_DRAIN: 'it must fit into stop_grace_period',
    SLUICE_REGISTRY: 'it may hold a password, and webs need it not',
    SLUICE_SMEE_URL: 'each of them would take every webhook',
  },
  worker: {
    DATABASE_URL: 'the stack’s own',
    REDIS_URL: 'the stack’s own',
    SLUICE_EXECUTOR: 'a container has no other',
    SLUICE_ADMIN_PASSWORD: 'workers need it not',
    DOCKER_HOST: 'DOCKER_SOCKET is mounted where it is looked for',
  },
  haproxy: {
    SLUICE_PROXY_WEBS: 'found by the name `web`',
    SLUICE_PROXY_DNS: 'Docker’s',
    SLUICE_PROXY_LISTEN: 'PUBLISH is where it listens outside',
    SLUICE_PROXY_MAPS: 'the folder haproxy',
    SLUICE_PROXY_CERTS: 'CERTIFICATES is where they are outside',
    SLUICE_PROXY_8404: 'opened by its password',
  },
} as const

const without = (names: Readonly<Record<string, string>>, ...own: readonly string[]) =>
  Object.keys(names).filter((name) => !own.includes(name))

describe.skipIf(noStack !== undefined)('the settings of the stack', { timeout: 120_000 }, () => {
  let services: Stack['services']
  beforeAll(async () => {
    services = (await read(given)).services
  }, 120_000)

  it.each([
    ['web1', NAMES, Object.keys(DECIDED.web)],
    ['web2', NAMES, Object.keys(DECIDED.web)],
    ['smee', NAMES, without(DECIDED.web, 'SLUICE_SMEE_URL')],
    ['worker1', NAMES, Object.keys(DECIDED.worker)],
    ['worker2', NAMES, Object.keys(DECIDED.worker)],
    ['remote-worker', NAMES, without(DECIDED.worker, 'DATABASE_URL', 'REDIS_URL')],
    ['haproxy', PROXY_SETTINGS, Object.keys(DECIDED.haproxy)],
  ])('reach %s, but for those that it cannot choose', (part, names, decided) => {
    const { environment } = services[part] ?? { environment: {} }
    const missing = names.filter((name) => environment[name] !== given[name])
    expect(missing.sort()).toEqual([...decided].sort())
  })

  it('keep what is secret from who needs it not', () => {
    const seen = (secret: string) =>
      Object.keys(services).filter((part) => Object.values(services[part]?.environment ?? {}).includes(secret))
    expect(seen('/given/SLUICE_PROXY_STATS_PASSWORD')).toEqual(['haproxy'])
    expect(seen('/given/SLUICE_ADMIN_PASSWORD').sort()).toEqual(['smee', 'web1', 'web2'])
    expect(seen('/given/SLUICE_REGISTRY').sort()).toEqual(['remote-worker', 'worker1', 'worker2'])
    expect(seen('/given/SLUICE_SECRET_KEY')).not.toContain('haproxy')
  })

  it('are refused by compose where they are its own', async () => {
    const { compose, remove } = await makeCheckout({ ...SECRETS, PORT_DASHBOARD: 'eighty' })
    const { code, err } = await compose('sluicetest', 'config', '--quiet')
    await remove()
    expect(err).toMatch(/haproxy.ports|eighty/) // the classic one names the place, the new one the value
    expect(code).not.toBe(0)
  })
})
