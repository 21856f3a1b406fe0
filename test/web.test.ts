import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, it, vi } from 'vitest'
import { openDatabase } from '../src/db/sql.ts'
import { openProxy } from './support/proxy.ts'
import { freePort } from './support/stores.ts'

const home = mkdtempSync(join(tmpdir(), 'sluice-web-'))
const children: ChildProcess[] = []
const admin = openDatabase(inject('databaseUrl'), { max: 1 })
const name = `web_${randomBytes(6).toString('hex')}`
await admin`create database ${admin(name)}`
const databaseUrl = Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}` })

/** `sluice web`, or another command. */
function start(command: string, changes: Record<string, string> = {}) {
  const env = { PATH: process.env.PATH, HOME: home, SLUICE_HOME: home, SLUICE_EXECUTOR: 'process', ...changes }
  const child = spawn(process.execPath, ['dist/cli.js', command], { env })
  children.push(child)
  let said = ''
  child.stdout.on('data', (part) => {
    said += part
  })
  child.stderr.on('data', (part) => {
    said += part
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const hears = (words: string) =>
    vi.waitFor(() => expect(said).toContain(words), { timeout: 60_000, interval: 20 }).then(() => said)
  return { child, ended, hears, said: () => said }
}

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await admin`drop database ${admin(name)} with (force)`
  await admin.end()
  rmSync(home, { recursive: true, force: true })
})

describe.each(['web', 'worker'])('a %s alone', { timeout: 120_000 }, (command) => {
  it('needs the database of its installation', async () => {
    const { ended, said } = start(command)
    expect(await ended).toBe(1)
    await expect(said()).toMatchFileSnapshot(`messages/database-missing-${command}.txt`)
  })

  it('waits for a database that is away, says so once, and can be stopped meanwhile', async () => {
    const port = await freePort()
    const { child, ended, hears, said } = start(command, { DATABASE_URL: `postgres://sluice@127.0.0.1:${port}/sluice` })
    await hears('Waiting')
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(said().match(/Waiting for PostgreSQL at 127.0.0.1:\d+: connect ECONNREFUSED/g)).toHaveLength(1)
  })

  it('does not wait for a database that says no', async () => {
    const url = Object.assign(new URL(databaseUrl), { pathname: '/nowhere' })
    const { ended, said } = start(command, { DATABASE_URL: url.href })
    expect(await ended).toBe(1)
    expect(said()).toContain('Create the database, or correct its name in DATABASE_URL.')
  })

  it('goes on when the database is there', async () => {
    const proxy = await openProxy(databaseUrl)
    await proxy.cut()
    const listen = { SLUICE_LISTEN: `127.0.0.1:${await freePort()}` }
    const { child, ended, hears } = start(command, { DATABASE_URL: proxy.url, ...listen })
    await hears('Waiting')
    await proxy.mend()
    await hears(command === 'web' ? 'A web is ready' : 'A worker of 4 slots')
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    await proxy.close()
  })
})

describe('two webs', { timeout: 120_000 }, () => {
  it('share a home and a database', async () => {
    const stores = { DATABASE_URL: databaseUrl.href, REDIS_URL: inject('redisUrl') }
    const ports = [await freePort(), await freePort()]
    const webs = ports.map((port) => start('web', { ...stores, SLUICE_LISTEN: String(port) }))
    for (const { hears } of webs) await hears('A web is ready')
    for (const port of ports) expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    for (const { child } of webs) child.kill('SIGTERM')
    for (const { ended } of webs) expect(await ended).toBe(0)
  })
})
