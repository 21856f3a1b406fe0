import { spawn } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/stores.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const home = await mkdtemp(join(tmpdir(), 'sluice-home-'))

function run(command: string, words: readonly string[], { env = {}, input = '' } = {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(command, words, { cwd: ROOT, env: { PATH: process.env.PATH, SLUICE_HOME: home, ...env } })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.end(input)
  })
}
const sluice = (words: readonly string[], options = {}) =>
  run(process.execPath, [join(ROOT, 'dist/cli.js'), ...words], options)

beforeAll(async () => {
  const built = await run('sh', ['scripts/build'])
  if (built.code !== 0) throw new Error(built.out + built.err)
  await writeFile(join(home, 'token'), 'sluice_t0ken\n')
}, 180_000)

describe('the compiled command', () => {
  it('helps, and tells usage from failure', async () => {
    expect(await sluice(['--help'])).toMatchObject({ code: 0, err: '' })
    expect((await sluice(['nonsense'])).code).toBe(2)
  })

  it('asks whether the server runs', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    expect(await sluice(['projects'], { env: { SLUICE_URL: url } })).toEqual({
      code: 1,
      out: '',
      err: `sluice: Nothing answers at ${url}: the connection was refused\n  Is the server running? Start it with ./scripts/up, or set SLUICE_URL to the address where it runs.\n`,
    })
  })

  it('hands the token of its home to git for the local server, and for no other', async () => {
    const ask = (host: string, env = {}) =>
      sluice(['credential', 'get'], { env, input: `protocol=http\nhost=${host}\n\n` })
    expect((await ask('127.0.0.1:8080')).out).toBe('username=sluice\npassword=sluice_t0ken\n')
    expect((await ask('sluice.example', { SLUICE_URL: 'http://sluice.example' })).out).toBe('')
  })

  it('finds the server of its home by what the server has written down', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    await writeFile(join(home, 'server.json'), JSON.stringify({ pid: 1, url }))
    expect((await sluice(['projects'])).err).toContain(`Nothing answers at ${url}`)
  })

  it('refuses a setting that nobody knows', async () => {
    const { code, err } = await sluice(['projects'], { env: { SLUICE_TOKN: 'x' } })
    expect([code, err]).toEqual([1, expect.stringContaining('Did you mean SLUICE_TOKEN?')])
  })
})
