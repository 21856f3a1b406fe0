import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { PROXY_SETTINGS, quietEnvironment, readConfig, SETTINGS } from '../src/config.ts'
import { Refusal } from '../src/refusal.ts'

function refusalOf(env: Record<string, string>): Refusal {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('settings', () => {
  it('have defaults that need no environment', () => {
    const config = readConfig({ HOME: '/root', PATH: '/bin' })
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 8080 })
    expect(config).toMatchObject({
      environment: null,
      executor: 'auto',
      databaseUrl: null,
      slots: 4,
      orphanMs: 900_000,
    })
  })

  it.each([
    ['SLUICE_LISTEN', '0.0.0.0:80', 'listen', { host: '0.0.0.0', port: 80 }],
    ['SLUICE_LISTEN', '9000', 'listen', { host: '127.0.0.1', port: 9000 }],
    ['SLUICE_LISTEN', ':9000', 'listen', { host: '127.0.0.1', port: 9000 }],
    ['SLUICE_LISTEN', 'sluice.internal', 'listen', { host: 'sluice.internal', port: 8080 }],
    ['SLUICE_LISTEN', '10.1.2.3', 'listen', { host: '10.1.2.3', port: 8080 }],
    ['SLUICE_LISTEN', '[::1]:9000', 'listen', { host: '::1', port: 9000 }],
    ['SLUICE_MAX_SOURCE', '1.5g', 'maxSourceBytes', 1_610_612_736],
    ['SLUICE_MAX_SOURCE', '300MiB', 'maxSourceBytes', 314_572_800],
    ['SLUICE_FENCE', '90s', 'fenceMs', 90_000],
    ['SLUICE_QUEUES', 'gpu, default', 'queues', ['gpu', 'default']],
    ['SLUICE_LOCAL_REMOTES', '1', 'localRemotes', true],
    [
      'SLUICE_TRUSTED_PROXIES',
      '172.18.0.0/16, fd00::/8,10.0.0.7',
      'trustedProxies',
      ['172.18.0.0/16', 'fd00::/8', '10.0.0.7'],
    ],
    ['SLUICE_WEB_DRAIN', '0s', 'webDrainMs', 0],
    ['SLUICE_TASK_CPUS', '0.5', 'taskCpus', 0.5],
    ['SLUICE_SLOTS', '', 'slots', 4],
    ['SLUICE_ENVIRONMENT', 'eu-staging', 'environment', 'eu-staging'],
  ])('read %s=%s', (name, raw, field, value) => {
    expect(readConfig({ [name]: raw })).toMatchObject({ [field]: value })
  })

  it.each([
    ['SLUICE_LISTEN', 'a b', 'SLUICE_LISTEN is “a b”, which is not host:port.'],
    ['SLUICE_LISTEN', '70000', 'SLUICE_LISTEN is “70000”, which is not host:port.'],
    ['SLUICE_SLOTS', '0', 'SLUICE_SLOTS is “0”, which is not a whole number above 0.'],
    [
      'SLUICE_ENVIRONMENT',
      'My Staging',
      'SLUICE_ENVIRONMENT is “My Staging”, which is no name of small letters, digits, - and _ such as staging.',
    ],
    ['SLUICE_FENCE', '5', 'SLUICE_FENCE is “5”, which is not a length of time such as 30s, 5m, 2h or 1d.'],
    ['SLUICE_MAX_SOURCE', 'big', 'SLUICE_MAX_SOURCE is “big”, which is not a size such as 512m or 2GiB.'],
    ['SLUICE_EXECUTOR', 'podman', 'SLUICE_EXECUTOR is “podman”, which is none of auto, docker, process.'],
    [
      'DATABASE_URL',
      'mysql://x',
      'DATABASE_URL is “mysql://x”, which is no address that begins with postgres:// or postgresql://.',
    ],
    [
      'SLUICE_TRUSTED_PROXIES',
      'haproxy',
      'SLUICE_TRUSTED_PROXIES is “haproxy”, and haproxy is no network such as 172.18.0.0/16 or 10.0.0.7.',
    ],
    [
      'SLUICE_TRUSTED_PROXIES',
      '10.0.0.0/33',
      'SLUICE_TRUSTED_PROXIES is “10.0.0.0/33”, and 10.0.0.0/33 is no network such as 172.18.0.0/16 or 10.0.0.7.',
    ],
    [
      'REDIS_URL',
      'http://ana:hunter2@redis',
      'REDIS_URL is set to something, which is no address that begins with redis:// or rediss:// or unix://.',
    ],
    [
      'SLUICE_REGISTRY',
      'http://ana:hunter2@r:5000',
      'SLUICE_REGISTRY is set to something, which is not [user:password@]host:port[/path], without http://.',
    ],
    [
      'SLUICE_ADMIN_PASSWORD',
      'hunter2',
      'SLUICE_ADMIN_PASSWORD is set to something, which is not of 8 to 1024 characters.',
    ],
    ['SLUICE_SECRET_KEY', 'hunter2', 'SLUICE_SECRET_KEY is set to something, which is not 64 hex digits.'],
  ])('refuse %s=%s', (name, raw, message) => {
    expect(refusalOf({ [name]: raw })).toMatchObject({ message })
  })

  it('name every problem at once', () => {
    const { message } = refusalOf({ SLUICE_SLOTS: 'x', SLUICE_FENCE: 'y', SLUICE_SLOT: '1' })
    expect(message.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'SLUICE_SLOT',
      'SLUICE_SLOTS',
      'SLUICE_FENCE',
    ])
  })

  it('refuse a name that does not exist, and guess what was meant', () => {
    const refusal = refusalOf({ SLUICE_EXECUTER: 'docker' })
    expect(refusal.message).toBe('SLUICE_EXECUTER is set, and no setting has this name.')
    expect(refusal.hint).toBe(
      'Did you mean SLUICE_EXECUTOR? Correct or unset it. All settings are listed in docs/settings.md.',
    )
    expect(refusalOf({ SLUICE_ZZZZZZZZZZZZ: '1' }).hint).not.toContain('Did you mean')
  })

  it.each([
    [{}, null],
    [{ SLUICE_ENVIRONMENT: 'production' }, null],
    [{ SLUICE_ENVIRONMENT: 'staging' }, 'staging'],
    [{ SLUICE_ENVIRONMENT: 'development' }, 'development'],
  ])('say where schedules start switched off: %s', (env, quiet) => {
    expect(quietEnvironment(readConfig(env))).toBe(quiet)
  })

  it('ignore what Kubernetes injects for a service named sluice, and what the proxy reads', () => {
    const injected = {
      SLUICE_PORT: 'tcp://10.0.0.1:8080',
      SLUICE_PORT_8080_TCP_ADDR: '10.0.0.1',
      SLUICE_SERVICE_HOST: '10.0.0.1',
      SLUICE_PROXY_8080: 'off', // of haproxy/start
    }
    expect(() => readConfig(injected)).not.toThrow()
  })

  it('know the names of the proxy, and no others that look like them', async () => {
    const [, names = ''] = /^NAMES='(.*)'$/m.exec(await readFile('haproxy/start', 'utf8')) ?? []
    expect([...PROXY_SETTINGS].sort()).toEqual(
      names
        .split(' ')
        .map((name) => `SLUICE_PROXY_${name}`)
        .sort(),
    )
    expect(refusalOf({ SLUICE_PROXY_HOOK_RTE: '5' }).hint).toContain('Did you mean SLUICE_PROXY_HOOK_RATE?')
  })

  it('are all documented', async () => {
    const rows = Object.values(SETTINGS).map(({ name, purpose }) => `| \`${name}\` | ${purpose} |\n`)
    const page = `# Settings\n\nEnvironment variables, read once at start. A name with \`SLUICE_\` that is not in this table refuses to start.\n\n| name | what it is for |\n|---|---|\n${rows.join('')}`
    await expect(page).toMatchFileSnapshot('../docs/settings.md')
  })
})
