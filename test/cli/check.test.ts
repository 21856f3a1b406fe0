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
+extract:
  sh>: ./extract
+months:
  _parallel: true
  +january:
    echo>: 1
`

describe('sluice check', () => {
  it('shows the tasks and the next five runs', async () => {
    const { code, out, err } = await check({ 'daily.dig': DAILY, 'lib/more.dig': '' })
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(`daily.dig  (daily> 07:00:00, Asia/Tokyo)
  +daily
    +extract    sh>
    +months
      +january  echo>
  next  2026-03-29T07:00:00+09:00  for 2026-03-29T00:00:00+09:00
        2026-03-30T07:00:00+09:00  for 2026-03-30T00:00:00+09:00
        2026-03-31T07:00:00+09:00  for 2026-03-31T00:00:00+09:00
        2026-04-01T07:00:00+09:00  for 2026-04-01T00:00:00+09:00
        2026-04-02T07:00:00+09:00  for 2026-04-02T00:00:00+09:00

lib/more.dig: ignored, only .dig files at the top are workflows

1 workflow is fine.
`)
  })

  it('prints the same as JSON', async () => {
    const { out } = await check({ 'daily.dig': DAILY }, '--json')
    expect(JSON.parse(out)).toMatchObject({
      workflows: [{ name: 'daily', next: { length: 5 } }],
      problems: [],
      ignored: [],
    })
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
