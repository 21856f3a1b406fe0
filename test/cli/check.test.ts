import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDesk } from './desk.ts'

/** Checks a project of these files. */
async function check(files: Readonly<Record<string, string>>, ...more: string[]) {
  const { sluice, folder } = openDesk(() => Promise.reject(new Error('nothing is asked of a server')))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    if (text.startsWith('->')) await symlink(text.slice(2), join(folder, path))
    else await writeFile(join(folder, path), text)
  }
  return sluice('check', ...more)
}

const DAILY = `timezone: Asia/Tokyo
schedule:
  daily>: 07:00:00
_export:
  region: eu
  db: {host: a, port: 1}
+extract:
  sh>: ./extract
+months:
  _parallel: true
  +january:
    echo>: \${what}
  +february:
    call>: lib/load.dig
    _after: [+january]
    _error:
      echo>: it failed
`
const LOAD = '+rows: {sh>: ./load}'

describe('sluice check', () => {
  it('shows the tasks, the params, the next five runs and the environment', async () => {
    const { code, out, err } = await check({
      'daily.dig': DAILY,
      'lib/load.dig': LOAD,
      'lib/more.dig': '',
      'requirements.txt': 'polars',
    })
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(`daily.dig  (daily> 07:00:00, Asia/Tokyo)
  +daily
    +extract     sh> ./extract
    +months      parallel
      +january   echo> \${what}
      +february  call> lib/load.dig  after +january
        +rows    sh> ./load
      _error     echo> it failed
  params  region = eu
          db = {"host":"a","port":1}
  needs   what: from whoever starts it, or from what a task stores
  next    2026-03-29T07:00:00+09:00  for 2026-03-29T00:00:00+09:00
          2026-03-30T07:00:00+09:00  for 2026-03-30T00:00:00+09:00
          2026-03-31T07:00:00+09:00  for 2026-03-31T00:00:00+09:00
          2026-04-01T07:00:00+09:00  for 2026-04-01T00:00:00+09:00
          2026-04-02T07:00:00+09:00  for 2026-04-02T00:00:00+09:00

Environment: Python (requirements.txt) on sluice/base

lib/more.dig: ignored, only .dig files at the top are workflows

1 workflow is fine.
`)
  })

  it('prints the same as JSON', async () => {
    const { out } = await check({ 'daily.dig': DAILY, 'lib/load.dig': LOAD }, '--json')
    const { workflows, ...others } = JSON.parse(out)
    expect(others).toEqual({
      environment: { plan: 'plain shell on sluice/base', notices: [] },
      problems: [],
      ignored: [],
    })
    expect(workflows).toMatchObject([
      {
        ...{ name: 'daily', file: 'daily.dig', timezone: 'Asia/Tokyo', schedule: 'daily> 07:00:00' },
        environments: null,
        ...{ next: { length: 5 }, params: { region: 'eu' }, needs: ['what'], tasks: { length: 7 } },
      },
    ])
    expect(workflows[0].tasks[4]).toEqual({
      ...{ fullName: '+daily+months+february', name: '+february', depth: 2, operator: 'call>' },
      ...{ command: 'lib/load.dig', marks: ['after +january'], runs: 'always' },
    })
    expect(workflows[0].tasks.at(-1)).toMatchObject({ fullName: '+daily+months+february^error', runs: 'maybe' })
  })

  it('shows numbers as they are written', async () => {
    const files = {
      'a.dig':
        '_export: {db: {rate: 1.0, id: 12345678901234567890}}\n+x: {for_each>: {n: [2.50, 1e3]}, _do: {fail>: no}}',
    }
    const shown = await check(files)
    expect(shown.out).toContain('  params  db = {"rate":1.0,"id":12345678901234567890}\n')
    expect(shown.out).toContain('for_each> {"n":[2.5,1000.0]}')
    const { out } = await check(files, '--json')
    expect(out).toMatch(/"rate": 1\.0,\s+"id": 12345678901234567890\n/)
  })

  it('says what is ignored of an environment', async () => {
    const { out } = await check({ 'a.dig': '+x: {echo>: 1}', Dockerfile: 'FROM debian', 'requirements.txt': '' })
    expect(out).toContain('Environment: Dockerfile\n  Dockerfile decides alone: requirements.txt is ignored\n')
  })

  it('says where a schedule runs', async () => {
    const { out } = await check({
      'a.dig': 'schedule: {daily>: 07:00:00, _environment: [production, eu]}\n+x: {echo>: 1}',
    })
    expect(out).toContain('a.dig  (daily> 07:00:00, UTC, only in production, eu)\n')
  })

  it('says when a schedule is over', async () => {
    const { out } = await check({ 'a.dig': 'schedule: {daily>: 07:00:00, end: 2020-01-01}\n+x: {echo>: 1}' })
    expect(out).toContain('  next    never again: the end of its schedule has passed\n')
  })

  it('tells of a link that leads out, as a push does', async () => {
    const { code, err } = await check({ 'a.dig': '+x: {echo>: 1}', near: '->a.dig', far: '->../../etc' })
    expect(code).toBe(1)
    expect(err).toContain('far:1:1 error: The link far leads out of the project, to "../../etc"')
  })

  it('reads no file that a link leads to, as a push does not', async () => {
    const { out } = await check({ 'a.dig': '+x: {echo>: 1}', 'real.txt': 'polars', 'requirements.txt': '->real.txt' })
    expect(out).toContain('Environment: plain shell on sluice/base\n')
  })

  it('tells every problem with its place, and fails', async () => {
    const { code, err } = await check({
      'a.dig': '+x:\n  shh>: ls\n',
      'b.dig': 'timezone: Asia/Tokio\n+x:\n  echo>: 1\n',
    })
    expect(code).toBe(1)
    expect(err).toContain('a.dig:2:3 error: ')
    expect(err).toContain('  2 |   shh>: ls\n')
    expect(err).toContain('b.dig:1:11 error: ')
    expect(err).toContain('2 problems found: a push would be declined.')
  })

  it('refuses a workflow that is a link', async () => {
    expect(await check({ 'a.dig': '->/etc/passwd' })).toMatchObject({ code: 1 })
  })

  it('says that a folder without a workflow has none', async () => {
    expect(await check({ 'README.md': '' })).toMatchObject({
      code: 0,
      err: 'There is no workflow here: a .dig file at the top of the project is one.\n',
    })
  })

  it('says when there is no such folder', async () => {
    expect((await check({}, 'nowhere')).err).toMatch(
      /nowhere cannot be checked: it does not exist\n {2}Name the folder of a project.\n$/,
    )
  })
})
