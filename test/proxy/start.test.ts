import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate, START } from '../support/haproxy.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-proxy-start-'))
  writeFileSync(join(folder, 'sluice.pem'), makeCertificate())
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `-c` only checks. */
function check(env: Record<string, string>, path = `${process.env.PATH}:/usr/sbin`) {
  const { status, stdout, stderr } = spawnSync(START, ['-c'], {
    env: { PATH: path, TMPDIR: folder, ...env },
    encoding: 'utf8',
  })
  return { status, said: `${stdout}${stderr}` }
}

const ALL_OFF = Object.fromEntries(
  ['8080', '8081', '8082', '8083', '8443', '9090', '65432'].map((door) => [`SLUICE_PROXY_${door}`, 'off']),
)

describe('haproxy/start', () => {
  it.each<[string, () => Record<string, string>]>([
    ['as it is shipped', () => ({})],
    ['with a certificate', () => ({ SLUICE_PROXY_CERTS: folder })],
    ['with webs named one by one', () => ({ SLUICE_PROXY_WEBS: '10.0.0.1:8080, [fd00::2]:8080' })],
    ['with as many webs as it takes', () => ({ SLUICE_PROXY_WEBS: '10.0.0.1:8080,'.repeat(8) })],
    ['with an odd password for the statistics', () => ({ SLUICE_PROXY_STATS_PASSWORD: 'a"b \'c\\:$HOME #d' })],
    ['on one address', () => ({ SLUICE_PROXY_LISTEN: '127.0.0.1' })],
    ...Object.keys(ALL_OFF).map((one): [string, () => Record<string, string>] => [
      `with ${one} alone`,
      () => ({ ...ALL_OFF, [one]: '18999', SLUICE_PROXY_CERTS: folder }),
    ]),
  ])('makes a configuration that HAProxy takes without a warning, %s', (_what, env) => {
    const { status, said } = check(env())
    expect(said).not.toMatch(/WARNING|ALERT/)
    expect(status).toBe(0)
  })

  it('leaves the port for TLS closed where there is no certificate, and says so', () => {
    const said = 'No certificate (*.pem) is in /nowhere: the port for TLS, 8443, is not bound'
    expect(check({ SLUICE_PROXY_CERTS: '/nowhere' }).said).toContain(said)
    expect(check({ SLUICE_PROXY_CERTS: folder }).said).not.toContain('No certificate')
  })

  it.each([
    ['proxy-name', { SLUICE_PROXY_HOOKRATE: '5' }],
    ['proxy-port', { SLUICE_PROXY_8081: '80801' }],
    ['proxy-number', { SLUICE_PROXY_HOOK_RATE: 'many' }],
    ['proxy-webs', { SLUICE_PROXY_WEBS: '10.0.0.1:8080,10.0.0.2' }],
    ['proxy-many-webs', { SLUICE_PROXY_WEBS: '10.0.0.1:8080,'.repeat(9) }],
    ['proxy-no-door', ALL_OFF],
  ])('refuses what is wrong: %s', (name, env) => {
    const { status, said } = check(env)
    expect(status).toBe(1)
    expect(said).toBe(readFileSync(new URL(`../messages/${name}.txt`, import.meta.url), 'utf8'))
  })
})
