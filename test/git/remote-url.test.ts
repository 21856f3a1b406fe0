import { describe, expect, it } from 'vitest'
import { isBranchName, parseRemoteUrl } from '../../src/git/remote-url.ts'

describe('a remote address', () => {
  it.each([
    ['https://github.com/ana/shop.git', { scheme: 'https', host: 'github.com', port: 443 }],
    ['https://GitHub.com/ana/shop', { scheme: 'https', host: 'github.com', port: 443 }],
    ['https://git.example.com:8443/a/b/c.git', { scheme: 'https', host: 'git.example.com', port: 8443 }],
    ['ssh://git@git.example.com:2222/ana/shop.git', { scheme: 'ssh', host: 'git.example.com', port: 2222 }],
    ['git@github.com:ana/shop.git', { scheme: 'ssh', host: 'github.com', port: 22 }],
    ['git@host:/srv/git/shop.git', { scheme: 'ssh', host: 'host', port: 22 }],
    ['git@host:~ana/shop.git', { scheme: 'ssh', host: 'host', port: 22 }],
  ])('%s is one', (text, expected) => {
    expect(parseRemoteUrl(text, false)).toEqual({ ...expected, text })
  })

  it.each([
    'ext::sh -c touch% /tmp/x',
    'EXT::sh',
    'fd::17',
    'file:///srv/shop.git',
    'http://github.com/ana/shop.git',
    'git://github.com/ana/shop.git',
    'ftp://github.com/x',
    '/srv/git/shop.git',
    './shop',
    '../shop',
    'shop.git',
    'C:\\shop',
    '-oProxyCommand=touch',
    '--upload-pack=touch /tmp/x',
    'ssh://-oProxyCommand=touch/x',
    'ssh://git@-oProxyCommand=touch/x',
    'git@-oProxyCommand=x:shop',
    'git@host:-x/shop',
    'https://github.com/-x/shop',
    'https://github.com/a/../../etc/passwd',
    'https://ana:secret@github.com/ana/shop.git',
    'https://token@github.com/ana/shop.git',
    'https://github.com/ana/shop.git?x=1',
    'https://github.com/ana/shop.git#main',
    'https://github.com/ana/shop.git\n--upload-pack=x',
    'https://github.com/ana/shop\r.git',
    'https://github.com/ana/\u0000',
    'https://github.com/ana/$(touch x)',
    'https://github.com/ana/`touch x`',
    'https://github.com/ana/;touch',
    'https://github.com\\@evil.example/x',
    'https://[::1]/x',
    'https://',
    '',
    `https://github.com/${'a'.repeat(2000)}`,
  ])('%j is none', (text) => {
    expect(parseRemoteUrl(text, false)).toMatchObject({ scheme: 'refused' })
  })

  it('may be a file or plain http where that is allowed', () => {
    expect(parseRemoteUrl('file:///srv/shop.git', true)).toEqual({ scheme: 'file', text: 'file:///srv/shop.git' })
    expect(parseRemoteUrl('http://127.0.0.1:3000/a.git', true)).toMatchObject({ scheme: 'http', port: 3000 })
    for (const text of ['/srv/shop.git', 'ext::sh', 'file://host/x', 'file:///srv/../etc'])
      expect(parseRemoteUrl(text, true)).toMatchObject({ scheme: 'refused' })
  })

  it('is never shown with its password', () => {
    expect(JSON.stringify(parseRemoteUrl('https://ana:secret@github.com/a', false))).not.toContain('secret')
  })

  it('is refused in no time, however it is built', () => {
    const begun = performance.now()
    parseRemoteUrl(`https://github.com/${'a/'.repeat(480)}!`, false)
    parseRemoteUrl(`https://${'a-'.repeat(480)}!`, false)
    expect(performance.now() - begun).toBeLessThan(50)
  })
})

describe('a branch', () => {
  it.each(['main', 'feature/a-b', 'v1.0', 'a_b+c'])('%s has a name', (name) => expect(isBranchName(name)).toBe(true))

  it.each([
    '',
    '-x',
    '--exec=x',
    'a..b',
    'a/.b',
    'a//b',
    'a.lock',
    'a.lock/b',
    'a/',
    'a.',
    'HEAD',
    'a b',
    'a:b',
    'a~1',
    'a\nb',
    '@{u}',
    '+main',
  ])('%j has none', (name) => expect(isBranchName(name)).toBe(false))
})
