import { randomBytes } from 'node:crypto'
import { rm, utimes, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { LogId } from '../../src/brand.ts'
import { listLogChunks } from '../../src/db/logs.ts'
import { openDeliveryServer, until } from '../support/delivery.ts'
import { makeRepository, type TestRepository } from '../support/git.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('git')
const server = await openDeliveryServer(sql)
const made: TestRepository[] = []
afterAll(async () => {
  expect(server.bugs).toEqual([])
  await server.close()
  for (const repository of made) await repository.remove()
  await drop()
})

const DAILY = { 'daily.dig': 'schedule:\n  daily>: 07:00:00\n\n+a:\n  sh>: echo\n' }

async function repositoryOf(files: Record<string, string>, branch?: string) {
  const repository = await makeRepository(files, branch)
  made.push(repository)
  return repository
}

/** The image of plain shell is known from here on. */
await (await repositoryOf(DAILY)).git('push', server.url('warm'), 'main')

/** What the server said, as the pusher sees it. */
const said = (err: string) =>
  err
    .split('\n')
    .flatMap((line) => (line.startsWith('remote:') ? [`${line.slice(8)}\n`] : []))
    .join('')
    .replace(/deploys\/\d+/, 'deploys/7')

/** What the documentation shows: the whole of what git prints. */
const transcript = (err: string) =>
  `$ git push sluice\n${err.replace(/deploys\/\d+/, 'deploys/7').replaceAll(/http:\/\/127[^/]+/g, 'http://sluice.example')}`

const message = (name: string) => `../messages/${name}.txt`

async function projectOf(name: string) {
  const [project] = await sql`select * from projects where name = ${name}`
  return project
}

/** The state of every deploy of a project, oldest first. */
async function deploysOf(name: string) {
  return sql<{ state: string; problem: string | null; settled: boolean; logId: LogId }[]>`
    select deploys.state, problem, settled_at is not null as settled, log_id as "logId"
    from deploys join projects on projects.id = project_id where name = ${name} order by deploys.id`
}

async function statesOf(name: string) {
  return (await deploysOf(name)).map(({ state }) => state)
}

describe('a first push', () => {
  it('makes the project, goes live, and tells how, in the same words as its log', async () => {
    const repository = await repositoryOf(DAILY)
    const push = await repository.git('push', server.url('shop'), 'main')
    expect(push.code).toBe(0)
    await expect(said(push.err)).toMatchFileSnapshot(message('push-live'))
    await expect(transcript(push.err)).toMatchFileSnapshot('./transcripts/push.txt')
    await until(async () => (await deploysOf('shop'))[0]?.settled === true)
    const [deploy] = await deploysOf('shop')
    expect(deploy?.state).toBe('live')
    const chunks = await listLogChunks(sql, deploy?.logId as LogId, 0)
    expect(
      chunks
        .map(({ bytes }) => String(bytes))
        .join('')
        .replace(/deploys\/\d+/, 'deploys/7'),
    ).toBe(said(push.err))
  })

  it('is what a clone gets, on the branch that deploys', async () => {
    const repository = await repositoryOf(DAILY, 'trunk')
    await repository.git('push', server.url('trunk'), 'trunk')
    const clone = await repository.git('-c', 'protocol.version=2', 'clone', '-q', server.url('trunk'), 'copy')
    expect(clone).toMatchObject({ code: 0, err: '' })
    expect((await repository.git('-C', 'copy', 'symbolic-ref', 'HEAD')).out).toBe('refs/heads/trunk\n')
  })

  it('deploys main of many branches, and keeps the others', async () => {
    const repository = await repositoryOf(DAILY)
    await repository.git('branch', 'feature')
    await repository.git('tag', 'v1.0')
    const push = await repository.git('push', server.url('many'), 'feature', 'main', 'v1.0')
    expect(push.code).toBe(0)
    await expect(said(push.err)).toMatchFileSnapshot(message('push-other-branches'))
    expect(await projectOf('many')).toMatchObject({ branch: 'main' })
    expect(
      await sql`select ref, state, reason from deliveries where project_id = ${(await projectOf('many'))?.id}
      order by ref`,
    ).toEqual([
      { ref: 'refs/heads/feature', state: 'ignored', reason: 'only main deploys' },
      { ref: 'refs/heads/main', state: 'deployed', reason: null },
    ])
  })

  it('of branches that are only kept says that nothing was deployed, and once how it would be', async () => {
    const repository = await repositoryOf(DAILY)
    await repository.git('push', server.url('kept'), 'main')
    await repository.git('branch', 'feature')
    const push = await repository.git('push', server.url('kept'), 'main:one', 'feature:two')
    expect(push.code).toBe(0)
    await expect(said(push.err)).toMatchFileSnapshot(message('push-nothing-deploys'))
    const deleted = await repository.git('push', server.url('kept'), ':one')
    expect(said(deleted.err)).toBe('       one is deleted; only main deploys\n')
    expect(await statesOf('kept')).toEqual(['live'])
  })

  it('keeps what its workflows call: the page draws their graph from it', async () => {
    const repository = await repositoryOf({
      'daily.dig': '+a: {call>: parts/load}\n+b: {call>: weekly.dig}\n+c: {call>: gone}\n',
      'weekly.dig': '+x: {echo>: 1}\n',
      'parts/load.dig': '_export: {word: eu}\n+y: {sh>: ./load}\n',
      'parts/stray.dig': '+z: {echo>: 1}\n',
    })
    await repository.git('push', server.url('calls'), 'main')
    const [revision] = await sql`select called from revisions where project_id = ${(await projectOf('calls'))?.id}`
    expect(revision?.called).toEqual({
      'parts/load.dig': { _export: { word: 'eu' }, '+y': { 'sh>': './load' } },
      'weekly.dig': { '+x': { 'echo>': 1 } },
    })
  })

  it('that was declined binds no branch', async () => {
    const repository = await repositoryOf({ 'daily.dig': '+a:\n  shh>: echo\n' }, 'attempt')
    expect((await repository.git('push', server.url('undecided'), 'attempt')).code).toBe(1)
    await repository.commit(DAILY)
    expect((await repository.git('push', server.url('undecided'), 'attempt:main')).code).toBe(0)
    expect(await projectOf('undecided')).toMatchObject({ branch: 'main' })
  })

  it('records its options', async () => {
    const repository = await repositoryOf(DAILY)
    await repository.git('push', '-o', 'no-schedule', '-o', 'a b', server.url('options'), 'main')
    expect(
      await sql`select push_options, pushed_by from deliveries
      where project_id = ${(await projectOf('options'))?.id}`,
    ).toEqual([{ push_options: ['no-schedule', 'a b'], pushed_by: 'admin' }])
  })
})

describe('a declined push', () => {
  it('moves no ref of the branch that deploys, and all others', async () => {
    const repository = await repositoryOf({
      ...DAILY,
      'hourly.dig': 'schedule:\n  cron>: every hour\n\n+a:\n  shh>: echo\n',
    })
    await repository.git('branch', 'other')
    const push = await repository.git('push', server.url('broken'), 'main', 'other')
    expect(push.code).toBe(1)
    expect(push.err).toContain('! [remote rejected] main -> main (hook declined)')
    expect(push.err).toContain('* [new branch]      other -> other')
    await expect(said(push.err)).toMatchFileSnapshot(message('push-declined-check'))
    await expect(transcript(push.err)).toMatchFileSnapshot('./transcripts/push-declined.txt')
    expect(await deploysOf('broken')).toMatchObject([
      { state: 'declined', problem: expect.stringMatching(/^hourly.dig:2: .* \(and 1 more\)$/) },
    ])
    expect(
      await sql`select from revisions join projects on projects.id = project_id where projects.name = 'broken'`,
    ).toEqual([])
  })

  it('tells what the build said, when that failed', async () => {
    const repository = await repositoryOf({ ...DAILY, 'requirements.txt': 'nonsense' })
    const push = repository.start(['push', server.url('unbuilt'), 'main'])
    await server.builder.end(await server.builder.begun(), 'pip failed')
    const { code, err } = await push.ended
    expect(code).toBe(1)
    await expect(said(err)).toMatchFileSnapshot(message('push-declined-build'))
    expect(await statesOf('unbuilt')).toEqual(['declined'])
  })

  it('names the limit when its files are too large', async () => {
    const repository = await repositoryOf(DAILY)
    await repository.commit({ 'noise.bin': randomBytes(5 * 1024 * 1024).toString('base64') })
    const push = await repository.git('push', server.url('large'), 'main')
    expect(push.code).toBe(1)
    await expect(said(push.err).replace(/@ \w+/, '@ 0000000')).toMatchFileSnapshot(message('push-source-too-large'))
  })

  it('ends while it is received when its pack is larger than any source could need', async () => {
    const repository = await repositoryOf(DAILY)
    await repository.commit({ 'noise.bin': randomBytes(21 * 1024 * 1024).toString('base64') })
    const push = await repository.git('push', server.url('enormous'), 'main')
    expect(push.code).toBe(1)
    await expect(said(push.err)).toMatchFileSnapshot(message('push-pack-too-large'))
  }, 120_000)

  it('is one that would delete the branch that deploys', async () => {
    const repository = await repositoryOf(DAILY)
    await repository.git('push', server.url('kept'), 'main', 'main:other')
    const push = await repository.git('push', server.url('kept'), ':main', ':other')
    expect(push.code).toBe(1)
    expect(push.err).toContain('- [deleted]         other')
    await expect(said(push.err)).toMatchFileSnapshot(message('push-delete'))
  })

  it('is one with a name that no project can have', async () => {
    const repository = await repositoryOf(DAILY)
    const push = await repository.git('push', server.url('My_Shop!'), 'main')
    expect(push.code).toBe(128)
    await expect(said(push.err).replace(server.host, 'HOST')).toMatchFileSnapshot(message('push-project-name'))
  })
})

describe('a push', () => {
  it('builds when the environment changed, and streams the build', async () => {
    const repository = await repositoryOf({ ...DAILY, 'requirements.txt': 'pandas' })
    const push = repository.start(['push', server.url('built'), 'main'])
    await server.builder.end(await server.builder.begun(), null)
    const { code, err } = await push.ended
    expect(code).toBe(0)
    await expect(said(err)).toMatchFileSnapshot(message('push-built'))
  })

  it('over 1 MiB comes in pieces after a probe that makes nothing', async () => {
    const repository = await repositoryOf({ ...DAILY, 'noise.bin': randomBytes(1_500_000).toString('base64') })
    const push = await repository.git('push', server.url('pieces'), 'main')
    expect(push.code).toBe(0)
    expect(await statesOf('pieces')).toEqual(['live'])
  })

  it('cannot be atomic, so that nothing is live and refused', async () => {
    const repository = await repositoryOf(DAILY)
    const push = await repository.git('push', '--atomic', server.url('atomic'), 'main', 'main:other')
    expect(push.code).not.toBe(0)
    expect(push.err).toContain('the receiving end does not support --atomic push')
    expect(await projectOf('atomic')).toBeUndefined()
  })

  it('of another person at the same time waits, and is declined because the branch moved', async () => {
    const one = await repositoryOf(DAILY)
    await one.git('push', server.url('race'), 'main')
    const other = await repositoryOf(DAILY)
    await other.git(
      'pull',
      '-q',
      server.url('race'),
      'main',
      '--allow-unrelated-histories',
      '--no-edit',
      '--rebase=false',
    )
    await one.commit({ 'requirements.txt': 'numpy' })
    await other.commit({ 'b.txt': 'b' })
    const first = one.start(['push', server.url('race'), 'main'])
    const build = await server.builder.begun()
    const second = other.start(['push', server.url('race'), 'main'])
    await until(() => second.seen().includes('Waiting'))
    await server.builder.end(build, null)
    expect(await first.ended).toMatchObject({ code: 0 })
    const { code, err } = await second.ended
    expect(code).toBe(1)
    await expect(said(err)).toMatchFileSnapshot(message('push-moved'))
    expect(await statesOf('race')).toEqual(['live', 'live', 'declined'])
  })

  it('goes on when its client leaves', async () => {
    const repository = await repositoryOf({ ...DAILY, 'requirements.txt': 'scipy' })
    const push = repository.start(['push', server.url('left'), 'main'])
    const build = await server.builder.begun()
    await until(() => push.seen().includes('Building'))
    process.kill(-(push.child.pid ?? 0), 'SIGKILL')
    await push.ended
    await server.builder.end(build, null)
    await until(async () => (await deploysOf('left'))[0]?.settled === true)
    const remote = await repository.git('ls-remote', server.url('left'), 'main')
    expect(remote.out.slice(0, 40)).toBe((await repository.git('rev-parse', 'main')).out.trim())
    expect(await statesOf('left')).toEqual(['live'])
  })

  it('with a build that is silent for long is kept alive', async () => {
    const repository = await repositoryOf({ ...DAILY, 'requirements.txt': 'torch' })
    const impatient = await openImpatientProxy(server.host, 7_000)
    const push = repository.start(['push', server.url('silent').replace(server.host, impatient.host), 'main'])
    const build = await server.builder.begun()
    await new Promise((resolve) => setTimeout(resolve, 9_000)) // the silence is what is tested
    await server.builder.end(build, null)
    expect(await push.ended).toMatchObject({ code: 0 })
    await impatient.close()
  })

  it('needs somebody who is signed in', async () => {
    const repository = await repositoryOf(DAILY)
    const push = await repository.git('push', `http://any:wrong@${server.host}/git/shop.git`, 'main')
    expect(push.code).toBe(128)
    expect(said(push.err)).toContain('Nobody is signed in')
  })
})

describe('a push to a repository in which git was killed', () => {
  async function killedIn(name: string, ageMs: number) {
    const repository = await repositoryOf(DAILY)
    await repository.git('push', server.url(name), 'main')
    const folder = server.repositories.pathOf((await projectOf(name))?.id)
    const at = new Date(Date.now() - ageMs)
    for (const lock of ['refs/heads/main.lock', 'packed-refs.lock', 'HEAD.lock']) {
      await writeFile(join(folder, lock), '')
      await utimes(join(folder, lock), at, at)
    }
    await repository.commit({ 'more.txt': 'more' })
    return { repository, folder }
  }

  it('moves the branch: what was left locked is unlocked', async () => {
    const { repository } = await killedIn('locked', 60_000)
    const { code, err } = await repository.git('push', server.url('locked'), 'main')
    expect(said(err)).toContain('v2')
    expect(code).toBe(0)
    const [head] = (await repository.git('ls-remote', server.url('locked'), 'main')).out.split('\t')
    expect(head).toBe((await repository.git('rev-parse', 'main')).out.trim())
    expect(server.bugs).toEqual([])
  })

  it('waits for a lock that may be held by a living one', async () => {
    const { repository, folder } = await killedIn('held', 0)
    const push = repository.start(['push', server.url('held'), 'main'])
    for (const lock of ['refs/heads/main.lock', 'packed-refs.lock', 'HEAD.lock']) await rm(join(folder, lock))
    expect((await push.ended).code).toBe(0)
    expect(await statesOf('held')).toEqual(['live', 'live'])
  })
})

describe('a fetch', () => {
  it('with a long history on both sides comes packed', async () => {
    const repository = await repositoryOf(DAILY)
    for (let n = 0; n < 40; n++) await repository.git('commit', '-q', '--allow-empty', '-m', `ours ${n}`)
    await repository.git('push', server.url('fetched'), 'main')
    const other = await repositoryOf(DAILY)
    for (let n = 0; n < 60; n++) await other.git('commit', '-q', '--allow-empty', '-m', `theirs ${n}`)
    const fetch = await other.start(['fetch', server.url('fetched'), 'main'], {
      GIT_CURL_VERBOSE: '1',
      GIT_TRACE_CURL_NO_DATA: '1',
    }).ended
    expect(fetch.code).toBe(0)
    expect(fetch.err.toLowerCase()).toContain('content-encoding: gzip')
  })

  it('of no project is told how to make one', async () => {
    const repository = await repositoryOf(DAILY)
    const clone = await repository.git('clone', server.url('nothing'), 'copy')
    await expect(said(clone.err)).toMatchFileSnapshot(message('clone-unknown'))
  })
})

describe('the door', () => {
  it.each([
    '/git/shop.git/HEAD',
    '/git/shop.git/objects/info/packs',
    '/git/shop.git/info/refs',
    '/git/..%2fshop.git/info/refs?service=git-upload-pack',
    '/git/shop.git/info/refs?service=git-upload-archive',
  ])('does not open for %s', async (path) => {
    const auth = new URL(server.url('shop'))
    const answer = await fetch(`http://${server.host}${path}`, {
      headers: { authorization: `Basic ${btoa(`any:${auth.password}`)}` },
    })
    expect([400, 404]).toContain(answer.status)
  })
})

/** Ends connections on which nothing moved for `idleMs`, as proxies do. */
async function openImpatientProxy(host: string, idleMs: number) {
  const [hostname = '', port] = host.split(':')
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.pipe(far).pipe(near)
    const end = () => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    far.setTimeout(idleMs, end)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address() as { port: number }
  return { host: `127.0.0.1:${address.port}`, close: () => new Promise((resolve) => proxy.close(resolve)) }
}
