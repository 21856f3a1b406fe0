import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ProjectId } from '../../src/brand.ts'
import { fetchArgv, fetchBranch } from '../../src/git/fetch-branch.ts'
import { jailEnvironment, jailFiles } from '../../src/git/fetch-jail.ts'
import { openRepositories } from '../../src/git/repositories.ts'
import { makeRepository } from '../support/git.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-fetch-test-'))
const repositories = openRepositories(folder)
const id = '1' as ProjectId
await repositories.create(id, 'main')
const remote = await makeRepository({ 'a.txt': 'a' })
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await remote.remove()
})

const RULES = { privateRemotes: [], isLocalAllowed: true, proxies: {} }
const NEEDS = {
  repository: repositories.pathOf(id),
  branch: 'main',
  deployKey: null,
  hostKeys: null,
  extraCa: null,
  rules: RULES,
  maxBytes: 100_000,
}
const fetchFrom = (url: string, more: Partial<Parameters<typeof fetchBranch>[0]> = {}) =>
  fetchBranch({ ...NEEDS, url, ...more })

const partialPacks = async () =>
  (await readdir(join(NEEDS.repository, 'objects/pack'))).filter((name) => name.startsWith('tmp_'))

describe('a fetch', () => {
  it('brings the branch and says where it is', async () => {
    const commit = (await remote.git('rev-parse', 'main')).out.trim()
    expect(await fetchFrom(`file://${remote.folder}`)).toEqual({ kind: 'fetched', commit })
    expect(await repositories.branches(id)).toEqual(new Map())
  })

  it('leaves no trace of its home', async () => {
    expect((await readdir(tmpdir())).filter((name) => /^sluice-fetch-(?!test)/.test(name))).toEqual([])
  })

  it('says which branch is missing', async () => {
    expect(await fetchFrom(`file://${remote.folder}`, { branch: 'nope' })).toMatchObject({
      message: `file://${remote.folder} has no branch nope`,
    })
  })

  it.each(['ext::sh -c x', '/etc', '--upload-pack=x', `file://${remote.folder}/../x`])(
    'of %s is refused',
    async (url) => {
      expect(await fetchFrom(url)).toMatchObject({ kind: 'refused' })
    },
  )

  it('of a file is refused where that was not allowed', async () => {
    const rules = { ...RULES, isLocalAllowed: false }
    expect(await fetchFrom(`file://${remote.folder}`, { rules })).toMatchObject({ kind: 'refused' })
  })

  it('of more than the limit is stopped, says so and leaves nothing', async () => {
    const large = await makeRepository({ 'large.bin': randomBytes(300_000).toString('hex') })
    const fetched = await fetchFrom(`file://${large.folder}`)
    expect(fetched).toMatchObject({
      message: `file://${large.folder} sends more than 0 MiB, the limit for a fetch, and was stopped`,
    })
    expect(await partialPacks()).toEqual([])
    await large.remove()
  })

  it('that takes too long is stopped, and leaves nothing', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' }).write('001e#')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const url = `http://127.0.0.1:${port}/a.git`
    expect(await fetchFrom(url, { maxMs: 500 })).toMatchObject({
      message: `${url} was not fetched after 1 minutes, and was stopped`,
    })
    expect(await partialPacks()).toEqual([])
    server.closeAllConnections()
    server.close()
  })

  it('says why no address of the remote answers', async () => {
    expect(await fetchFrom('http://127.0.0.1:1/a.git')).toEqual({
      kind: 'refused',
      message: 'http://127.0.0.1:1/a.git could not be reached: 127.0.0.1 refuses connections on port 1',
      hint: 'See that the address is right and that this server may reach it; then send the webhook again',
    })
  })

  it('follows no redirect', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(302, { location: `http://127.0.0.1:1/other.git` }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    expect(await fetchFrom(`http://127.0.0.1:${port}/a.git`)).toMatchObject({ kind: 'refused' })
    expect(asked).toHaveLength(1)
    server.close()
  })
})

describe('the jail of a fetch', () => {
  const https = { scheme: 'https', host: 'github.com', port: 443, text: 'https://github.com/a.git' } as const
  const ssh = { scheme: 'ssh', host: 'github.com', port: 22, text: 'git@github.com:a.git' } as const
  const needs = {
    deployKey: 'KEY',
    hostKeys: 'github.com ssh-ed25519 AAAA\n',
    extraCa: null,
    proxy: null,
    maxBytes: 1000,
  }

  it('lets one protocol through, by a proxy that resolves the name', () => {
    const proxy = 'socks5h://127.0.0.1:3128'
    const files = jailFiles({ ...needs, proxy, remote: https, addresses: ['140.82.121.3', '2606::1'] }, '/tmp/h')
    expect(files).toEqual({
      'limited-git': `trap '' XFSZ\nulimit -f 2 || exit 1\nexec git "$@"\n`,
      '.gitconfig': [
        '[protocol]\n\tallow = never\n',
        '[protocol "https"]\n\tallow = always\n',
        '[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n',
        '[transfer]\n\tfsckObjects = true\n\tbundleURI = false\n\tcredentialsInUrl = die\n',
        '[fetch]\n\trecurseSubmodules = false\n\tunpackLimit = 1\n',
        '[credential]\n\thelper =\n',
        '[safe]\n\tdirectory = *\n',
        '[http]\n\tfollowRedirects = false\n\tlowSpeedLimit = 1000\n\tlowSpeedTime = 60\n',
        '[http]\n\tproxy = "socks5h://127.0.0.1:3128"\n',
      ].join(''),
    })
  })

  it('gives ssh one key, one address and the pinned host keys', () => {
    const files = jailFiles({ ...needs, remote: ssh, addresses: ['140.82.121.3'] }, '/tmp/h')
    expect(files).toMatchObject({ key: 'KEY', known_hosts: 'github.com ssh-ed25519 AAAA\n' })
    expect(files['.gitconfig']).toContain('\tsshCommand = ssh -F /tmp/h/ssh_config\n')
    expect(files.ssh_config?.split('\n').slice(0, 10)).toEqual([
      'Host *',
      '  HostName 140.82.121.3',
      '  HostKeyAlias github.com',
      '  IdentityFile /tmp/h/key',
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
      '  UserKnownHostsFile /tmp/h/known_hosts',
      '  GlobalKnownHostsFile /dev/null',
      '  StrictHostKeyChecking yes',
      '  UpdateHostKeys no',
    ])
  })

  it('hands over nothing of the server but PATH', () => {
    expect(jailEnvironment({ remote: https }, '/tmp/h')).toEqual({
      PATH: process.env.PATH,
      HOME: '/tmp/h',
      XDG_CONFIG_HOME: '/tmp/h/none',
      LC_ALL: 'C',
      GIT_ALLOW_PROTOCOL: 'https',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_PROTOCOL_FROM_USER: '0',
    })
  })

  it('lets git tell of its progress, as its silence is taken for death', () => {
    expect(fetchArgv('URL', 'main', 'refs/x').slice(0, 2)).toEqual(['fetch', '--progress'])
  })

  it('puts what came from outside behind the end of options', () => {
    expect(fetchArgv('URL', 'main', 'refs/x').slice(-3)).toEqual(['--end-of-options', 'URL', '+refs/heads/main:refs/x'])
  })
})
