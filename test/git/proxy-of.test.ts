import { describe, expect, it } from 'vitest'
import { proxyOf } from '../../src/git/proxy-of.ts'
import { checkRemote } from '../../src/git/remote-address.ts'

const https = (host: string) => ({ scheme: 'https', host, port: 443, text: `https://${host}/a.git` }) as const
const PROXY = 'http://proxy.example:3128'

describe('the proxy of a remote', () => {
  it.each([
    [{ HTTPS_PROXY: PROXY }, 'git.example', PROXY],
    [{ https_proxy: PROXY, HTTPS_PROXY: 'http://other' }, 'git.example', PROXY],
    [{ HTTP_PROXY: PROXY }, 'git.example', null],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: 'git.example' }, 'git.example', null],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: 'a, .example' }, 'git.example', null],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: 'ample' }, 'git.example', PROXY],
    [{ HTTPS_PROXY: PROXY, no_proxy: '*' }, 'git.example', null],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8' }, '10.1.2.3', null],
    [{ HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8' }, '11.1.2.3', PROXY],
    [{}, 'git.example', null],
  ])('with %j is, for %s, %s', (proxies, host, proxy) => {
    expect(proxyOf(https(host), proxies)).toBe(proxy)
  })

  it('is none for ssh and files', () => {
    const ssh = { scheme: 'ssh', host: 'git.example', port: 22, text: 'git@git.example:a' } as const
    expect(proxyOf(ssh, { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY })).toBeNull()
  })
})

describe('a remote behind a proxy', () => {
  const rules = { privateRemotes: [], isLocalAllowed: false, proxies: { HTTPS_PROXY: PROXY } }
  const nowhere = async () => Promise.reject(new Error('ENOTFOUND'))

  it('may be a name that only the proxy resolves', async () => {
    expect(await checkRemote(https('git.example'), rules, nowhere)).toEqual({ kind: 'checked', addresses: [] })
    const direct = { ...rules, proxies: { ...rules.proxies, NO_PROXY: 'git.example' } }
    expect(await checkRemote(https('git.example'), direct, nowhere)).toMatchObject({ kind: 'refused' })
  })

  it('is refused when it is private as far as anybody here knows', async () => {
    expect(await checkRemote(https('git.example'), rules, async () => ['10.0.0.1'])).toMatchObject({ kind: 'refused' })
    expect(await checkRemote(https('169.254.169.254'), rules)).toMatchObject({ kind: 'refused' })
  })
})
