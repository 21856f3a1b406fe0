import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProjectId } from '../../src/brand.ts'
import { fetchBranch } from '../../src/git/fetch-branch.ts'
import { openRepositories } from '../../src/git/repositories.ts'
import { makeDeployKey, scanHostKeys } from '../../src/git/ssh-keys.ts'
import { makeRepository, type TestRepository } from '../support/git.ts'
import { freePort } from '../support/stores.ts'

const SSHD = '/usr/sbin/sshd'
const isThere = existsSync(SSHD)
if (!isThere) console.warn('Fetching over ssh is not tested: there is no sshd here (apt-get install openssh-server).')

const id = '1' as ProjectId
const rules = { privateRemotes: ['127.0.0.0/8'], isLocalAllowed: false, proxies: {} }

describe.skipIf(!isThere)('a fetch over ssh [needs sshd]', () => {
  let folder: string
  let remote: TestRepository
  let repositories: ReturnType<typeof openRepositories>
  let port: number
  let stop: () => Promise<void>
  let deployKey: string
  let hostKeys: string
  const fetchOver = (changes: Partial<Parameters<typeof fetchBranch>[0]> = {}) =>
    fetchBranch({
      repository: repositories.pathOf(id),
      url: `ssh://${userInfo().username}@127.0.0.1:${port}${remote.folder}`,
      branch: 'main',
      deployKey,
      hostKeys,
      extraCa: null,
      rules,
      maxBytes: 1_000_000,
      ...changes,
    })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-ssh-test-'))
    remote = await makeRepository({ 'a.txt': 'a' })
    repositories = openRepositories(join(folder, 'repositories'))
    await repositories.create(id, 'main')
    const key = await makeDeployKey('sluice test')
    deployKey = key.privateKey
    port = await freePort()
    stop = await startSshd(folder, port, key.publicKey)
    hostKeys = (await scanHostKeys({ host: '127.0.0.1', address: '127.0.0.1', port }))
      .map(({ line }) => `${line}\n`)
      .join('')
  }, 30_000)
  afterAll(async () => {
    await stop?.()
    await remote?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  it('shows its deploy key, to the host whose keys were pinned', async () => {
    const commit = (await remote.git('rev-parse', 'main')).out.trim()
    expect(await fetchOver()).toEqual({ kind: 'fetched', commit })
  })

  it('is refused by a host that does not know the key', async () => {
    const { privateKey } = await makeDeployKey('another')
    expect(await fetchOver({ deployKey: privateKey })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('Permission denied (publickey)'),
    })
  })

  it('does not speak with a host that shows another key than it did when it was linked', async () => {
    const { publicKey } = await makeDeployKey('not its own')
    const others = `127.0.0.1 ${publicKey.split(' ').slice(0, 2).join(' ')}\n`
    expect(await fetchOver({ hostKeys: others })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('Host key verification failed'),
    })
  })

  it('does not begin where private addresses are not opened', async () => {
    expect(await fetchOver({ rules: { privateRemotes: [], isLocalAllowed: false, proxies: {} } })).toMatchObject({
      message: '127.0.0.1 is not a public address',
    })
  })
})

/** A real sshd of our own, on loopback, that lets one key in. */
async function startSshd(folder: string, port: number, publicKey: string): Promise<() => Promise<void>> {
  const [hostKey, authorized, config] = ['host_key', 'authorized_keys', 'sshd_config'].map((name) => join(folder, name))
  if (hostKey === undefined || authorized === undefined || config === undefined) throw new Error('three names')
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true }) // where it separates its privileges
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey])
  await chmod(folder, 0o700)
  await writeFile(authorized, `${publicKey}\n`, { mode: 0o600 })
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${authorized}`,
    'StrictModes no', // the folder lies under /tmp
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PidFile none',
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  const log = join(folder, 'sshd.log')
  const child = spawn(SSHD, ['-D', '-f', config, '-E', log], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await Promise.race([listens(port), ended.then(async () => Promise.reject(new Error(await readFile(log, 'utf8'))))])
  return async () => {
    child.kill()
    await ended
  }
}

async function listens(port: number): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
        .once('connect', () => resolve(true))
        .once('error', () => resolve(false))
      socket.unref()
      socket.once('connect', () => socket.end())
    })
    if (isOpen) return
    await new Promise(setImmediate)
  }
}
