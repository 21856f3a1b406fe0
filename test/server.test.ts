import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { freePort } from './support/stores.ts'

const home = mkdtempSync(join(tmpdir(), 'sluice-server-'))
chmodSync(home, 0o755) // as root PostgreSQL runs as another user, and would lie in /var/lib otherwise
const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  SLUICE_HOME: home,
  SLUICE_EXECUTOR: 'process',
  SLUICE_SLOTS: '1',
  SLUICE_LOG: 'text',
}
const children: ChildProcess[] = []
const port = await freePort()
const url = `http://127.0.0.1:${port}`

/** `said`: what it wrote so far; `ended`: its exit code. */
function start(changes: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['dist/server.js'], {
    env: { ...env, SLUICE_LISTEN: String(port), ...changes },
  })
  children.push(child)
  const heard = { text: '' }
  const hear = (part: Buffer) => {
    heard.text += String(part)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, said: () => heard.text, ended }
}

async function startReady() {
  const server = start()
  await vi.waitFor(() => expect(server.said()).toContain(`Sluice is ready: ${url}`), { timeout: 60_000, interval: 20 })
  return server
}

const postgresPid = () => Number(readFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

function refusalOf(text: string) {
  const lines = text.trim().split('\n')
  return lines.slice(lines.findIndex((line) => line.startsWith('sluice: '))).join('\n')
}

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  const last = await startReady() // takes over whatever PostgreSQL is left, and stops it
  last.child.kill('SIGTERM')
  await last.ended
  rmSync(home, { recursive: true, force: true })
}, 120_000)

describe('the server', { timeout: 120_000 }, () => {
  it('says where it is and how to sign in, is ready, and ends cleanly with its PostgreSQL', async () => {
    const server = await startReady()
    expect(server.said()).toMatch(/Sign in as admin with the password [a-z2-9]{5}(-[a-z2-9]{5}){3} \(shown this once/)
    const isReady = async () => expect((await fetch(`${url}/readyz`)).status).toBe(200)
    await vi.waitFor(isReady, { timeout: 30_000, interval: 20 })
    const token = readFileSync(join(home, 'token'), 'utf8').trim()
    const workers = await fetch(`${url}/api/workers`, { headers: { authorization: `Bearer ${token}` } })
    expect(await workers.json()).toMatchObject({ workers: [{ executor: 'process', slots: 1 }] })
    const pid = postgresPid()
    server.child.kill('SIGINT')
    expect(await server.ended).toBe(0)
    expect(() => process.kill(pid, 0)).toThrow()
  })

  it('finds its PostgreSQL again after kill -9, starts no second one, and keeps its token and password', async () => {
    const first = await startReady()
    const pid = postgresPid()
    const token = readFileSync(join(home, 'token'), 'utf8')
    first.child.kill('SIGKILL')
    await first.ended
    const second = await startReady()
    expect(second.said()).toContain('Found the embedded PostgreSQL still running')
    expect(second.said()).not.toContain('password')
    expect(postgresPid()).toBe(pid)
    expect(readFileSync(join(home, 'token'), 'utf8')).toBe(token)
    second.child.kill('SIGTERM')
    expect(await second.ended).toBe(0)
  })

  it('refuses to be the second of its home', async () => {
    const first = await startReady()
    const second = start()
    expect(await second.ended).toBe(1)
    expect(refusalOf(second.said())).toBe(
      `sluice: A server of ${home} runs already (pid ${first.child.pid}) at ${url}.\n  Use it, stop it with ./scripts/up --stop, or give this one a home of its own: --home DIR.`,
    )
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
  })

  it.each([
    ['setting-unknown', { SLUICE_EXECUTER: 'docker' }],
    ['setting-wrong', { SLUICE_SLOTS: 'many', SLUICE_FENCE: '5' }],
    ['database-down', { DATABASE_URL: 'postgres://sluice@127.0.0.1:1/sluice' }],
  ])('refuses to start: %s', async (name, changes) => {
    const server = start(changes)
    expect(await server.ended).toBe(1)
    await expect(`${refusalOf(server.said())}\n`).toMatchFileSnapshot(`messages/${name}.txt`)
  })

  it('refuses a port that is taken, and names who has it', async () => {
    const taken = await freePort()
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(taken, '127.0.0.1', resolve))
    const server = start({ SLUICE_LISTEN: String(taken) })
    expect(await server.ended).toBe(1)
    const said = refusalOf(server.said())
      .replace(String(taken), '8080')
      .replace(/by \S+ \(pid \d+\)/, 'by python3 (pid 4711)')
    await expect(`${said}\n`).toMatchFileSnapshot('messages/port-taken.txt')
    holder.close()
  })
})
