import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { examine } from '../src/examine.ts'
import { openDesk } from './cli/desk.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-doctor-'))
  await chmod(home, 0o711)
})
afterAll(() => rm(home, { recursive: true, force: true }))

const findings = async (env: Record<string, string>) =>
  examine({ PATH: process.env.PATH, SLUICE_HOME: home, DATABASE_URL: inject('databaseUrl'), ...env })

describe('sluice doctor', () => {
  it('finds the stores, the programs, the disks and the clock of this host', async () => {
    const seen = await findings({ REDIS_URL: inject('redisUrl') })
    const verdictOf = (about: string) => seen.find((one) => one.about === about)?.verdict
    expect(['database', 'redis', 'clock'].map(verdictOf)).toEqual(['fine', 'fine', 'fine'])
    expect(seen.find(({ about }) => about === 'git')?.text).toMatch(/^\d+\.\d+/)
    expect(seen.find(({ text }) => text.includes(home))?.about).toBe('disk')
  })

  it('tells what is away, and what to do', async () => {
    const nowhere = { DATABASE_URL: 'postgres://a@127.0.0.1:1/b', REDIS_URL: 'redis://127.0.0.1:1' }
    const seen = await findings({ ...nowhere, DOCKER_HOST: 'unix:///nowhere.sock', SLUICE_EXECUTOR: 'docker' })
    const problems = seen.filter(({ verdict }) => verdict === 'problem')
    expect(problems.map(({ about }) => about)).toEqual(['engine', 'database', 'redis'])
    for (const { hint } of problems) expect(hint).not.toBeNull()
  })

  it('ends with 1 when there is a problem, with 0 when there are only warnings', async () => {
    const desk = (verdict: 'warning' | 'problem') =>
      openDesk(() => new Response(), {
        host: { examine: async () => [{ about: 'disk', verdict, text: 'full', hint: 'Make room.' }] },
      }).sluice('doctor')
    expect(await desk('warning')).toMatchObject({ code: 0, out: 'WARN  disk: full\n      Make room.\n' })
    expect(await desk('problem')).toMatchObject({ code: 1, out: 'FAIL  disk: full\n      Make room.\n' })
  })
})
