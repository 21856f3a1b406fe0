import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openDeliveryServer } from '../support/delivery.ts'
import { makeRepository, type TestRepository } from '../support/git.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('badprojects')
const server = await openDeliveryServer(sql)
const made: TestRepository[] = []
afterAll(async () => {
  expect(server.bugs).toEqual([])
  await server.close()
  for (const repository of made) await repository.remove()
  await drop()
})

const FINE = { 'daily.dig': 'schedule:\n  daily>: 07:00:00\n\n+a:\n  sh>: echo\n' }

/** What the server said, as the pusher sees it. */
const said = (err: string) =>
  err
    .split('\n')
    .flatMap((line) => (line.startsWith('remote:') ? [`${line.slice(8)}\n`] : []))
    .join('')
    .replace(/deploys\/\d+/, 'deploys/7')
    .replace(/ @ [0-9a-f]{7} /, ' @ 1234567 ')

const revisions = (name: string) =>
  sql`select number, state from revisions join projects on projects.id = project_id
    join deploys on deploys.project_id = projects.id and deploys.state = 'live'
    where projects.name = ${name}`

type Files = Readonly<Record<string, string>>
type Bad = Files | ((repository: TestRepository) => Promise<Files>)

const bomb = (levels: number) => {
  const line = (n: number) =>
    `  a${n}: &a${n} [${Array(9)
      .fill(`*a${n - 1}`)
      .join(', ')}]\n`
  return `_export:\n  a0: &a0 [lol, lol, lol]\n${Array.from({ length: levels }, (_, n) => line(n + 1)).join('')}\n+a:\n  sh>: echo\n`
}

/** The name of the message, and a project that deserves it. */
const BAD: readonly (readonly [string, Bad])[] = [
  ['broken-yaml', { 'daily.dig': '+load:\n  sh>: "echo\n\n+send:\n\tsh>: echo\n', 'other.dig': '+a: {sh>: echo\n' }],
  ['unknown-operator', { 'daily.dig': '+load:\n  pg>: queries/load.sql\n\n+send:\n  ssh>: echo\n' }],
  ['circular-call', { 'daily.dig': '+a:\n  call>: weekly\n', 'weekly.dig': '+b:\n  call>: daily\n' }],
  [
    'bad-cron',
    {
      'daily.dig': 'schedule:\n  cron>: 61 * * * *\n\n+a:\n  sh>: echo\n',
      'never.dig': 'schedule:\n  cron>: 0 0 31 2 *\n\n+a:\n  sh>: echo\n',
    },
  ],
  ['bad-time-zone', { 'daily.dig': 'timezone: Asia/Tokio\n\nschedule:\n  daily>: 07:00:00\n\n+a:\n  sh>: echo\n' }],
  ['large-dig', { 'daily.dig': `+a:\n  sh>: echo\n${'# filler\n'.repeat(1_165_085)}` }],
  ['yaml-bomb', { 'daily.dig': bomb(9) }],
  ['endless-expression', { 'daily.dig': '+a:\n  echo>: ${(function () { for (;;) {} })()}\n' }],
  [
    'greedy-expression',
    {
      'daily.dig':
        "+a:\n  echo>: ${'x'.repeat(2 ** 26)}\n\n+b:\n  echo>: ${Array(1e6).fill('y').map((y) => y.repeat(1000)).join('')}\n",
    },
  ],
  [
    'symlinked-dig',
    async ({ folder }) => {
      await rm(join(folder, 'daily.dig'))
      await symlink('/etc/passwd', join(folder, 'daily.dig'))
      return {}
    },
  ],
  [
    'stray-link',
    async ({ folder }) => {
      await symlink('daily.dig', join(folder, 'fine'))
      await symlink('../../etc/passwd', join(folder, 'config'))
      return {}
    },
  ],
  ['include-outside', { 'daily.dig': "!include : '../secrets.dig'\n\n+a:\n  !include : '/etc/passwd'\n" }],
  ['include-missing', { 'daily.dig': "_export:\n  !include : 'config/params.yml'\n\n+a:\n  sh>: echo\n" }],
  [
    'not-utf8',
    async ({ folder }) => {
      await writeFile(join(folder, 'daily.dig'), Buffer.from('+a:\n  echo>: caf\xe9\n', 'latin1'))
      return {}
    },
  ],
  ['nul-byte', { 'daily.dig': '+a:\n  echo>: a\0b\n' }],
  [
    'odd-keys',
    { 'daily.dig': '__proto__:\n  a: 1\nconstructor: 2\n"x\\e[31m": 3\n+toString:\n  sh>: echo\n  _retri: 3\n' },
  ],
  ['deep', { 'daily.dig': Array.from({ length: 150 }, (_, n) => `${'  '.repeat(n)}+t${n}:\n`).join('') }],
]

describe('a push of a project with', () => {
  it.each(BAD)('%s is declined whole, with all its problems, and the next push works', async (name, bad) => {
    const repository = await makeRepository(FINE)
    made.push(repository)
    const url = server.url(name)
    await repository.git('push', url, 'main')
    const before = await repository.git('rev-parse', 'main')
    await repository.commit(typeof bad === 'function' ? await bad(repository) : bad)
    const push = await repository.git('push', url, 'main')
    expect(push.code).toBe(1)
    await expect(said(push.err)).toMatchFileSnapshot(`../messages/push-${name}.txt`)
    expect(await revisions(name)).toEqual([{ number: 1, state: 'live' }])
    expect((await repository.git('ls-remote', url, 'main')).out.slice(0, 40)).toBe(before.out.trim())
    const [deploy] = await sql`select deploys.state from deploys join projects on projects.id = project_id
      where name = ${name} order by deploys.id desc limit 1`
    expect(deploy?.state).toBe('declined')
    await repository.git('reset', '-q', '--hard', 'HEAD^')
    await repository.commit({ 'more.dig': '+a:\n  sh>: echo\n' })
    expect((await repository.git('push', url, 'main')).code).toBe(0)
  })
})

describe('a push', () => {
  it('of a thousand refs with odd names is taken', async () => {
    const repository = await makeRepository(FINE)
    made.push(repository)
    const commit = (await repository.git('rev-parse', 'HEAD')).out.trim()
    const names = ["it's", 'a;id', '$(id)', 'ü\u202e', '-x', '__proto__', 'x'.repeat(180), 'HEAD']
    const refs = [...names, ...Array.from({ length: 200 }, (_, n) => `n${n}`)].map(
      (name) => `${commit}:refs/odd/${name}`,
    )
    const branches = names
      .filter((name) => !name.startsWith('-') && name !== 'HEAD')
      .map((name) => `${commit}:refs/heads/${name}`)
    const push = await repository.git('push', server.url('odd-refs'), 'main', ...refs, ...branches)
    expect(push).toMatchObject({ code: 0 })
    const kept = await repository.git('ls-remote', server.url('odd-refs'))
    expect(kept.out.split('\n').length).toBeGreaterThan(200)
  }, 60_000)

  it('of a commit whose words hold a NUL is refused by git itself, and makes nothing', async () => {
    const repository = await makeRepository(FINE)
    made.push(repository)
    const tree = (await repository.git('rev-parse', 'HEAD^{tree}')).out.trim()
    const who = 'A\u0007na <a@example.com> 1774678448 +0000'
    await writeFile(
      join(repository.folder, 'words'),
      `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nFirst\0\x1b]0;x\x07\n`,
    )
    const { out } = await repository.git('hash-object', '-t', 'commit', '-w', '--literally', 'words')
    const push = await repository.git('push', server.url('nul-words'), `${out.trim()}:refs/heads/main`)
    expect(push.code).toBe(1)
    expect(push.err).toContain('nulInCommit')
    expect(await revisions('nul-words')).toEqual([])
  })

  it('of 5,000 tasks is checked in seconds', async () => {
    const tasks = Array.from({ length: 5000 }, (_, n) => `+t${n}:\n  echo>: ${'${session_date}'}\n`).join('')
    const repository = await makeRepository({ 'wide.dig': tasks, 'crlf.dig': '+a:\r\n  echo>: x\r\n' })
    made.push(repository)
    expect(await repository.git('push', server.url('wide'), 'main')).toMatchObject({ code: 0 })
  }, 60_000)
})
