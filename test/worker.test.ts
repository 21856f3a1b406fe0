import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeDatabase } from './support/server.ts'
import { freePort } from './support/stores.ts'

let folder: string
let database: Awaited<ReturnType<typeof makeDatabase>>
let engine: Server

/** As Docker 19.03 answers. */
const OLD = { Version: '19.03.15', ApiVersion: '1.40', MinAPIVersion: '1.12' }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-worker-'))
  database = await makeDatabase()
  engine = createServer((_, answer) => {
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(OLD))
  })
  await new Promise<void>((resolve) => engine.listen(join(folder, 'docker.sock'), resolve))
})
afterAll(async () => {
  engine.close()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

/** Runs until it ends by itself. */
async function run(word: string) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    SLUICE_HOME: join(folder, 'home'),
    SLUICE_LISTEN: String(await freePort()),
    DATABASE_URL: database.url,
    DOCKER_HOST: `unix://${join(folder, 'docker.sock')}`,
  }
  const child = spawn(process.execPath, ['dist/cli.js', word], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (part) => {
    said += part
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, said }
}

describe('an engine that is too old', () => {
  it.each(['worker', 'server'])(
    'is refused at the start of a %s',
    async (word) => {
      const { code, said } = await run(word)
      expect(code).toBe(1)
      await expect(said).toMatchFileSnapshot('messages/engine-too-old.txt')
    },
    60_000,
  )
})
