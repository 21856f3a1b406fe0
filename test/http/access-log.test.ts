import { mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../../src/db/sql.ts'
import { openAccessLog } from '../../src/http/access-log.ts'
import { healthRoutes } from '../../src/http/health.ts'
import { basic, NOW, openTestApp, PASSWORD } from '../support/app.ts'
import { openTestSchema } from '../support/schema.ts'

let folder: string
const reported: unknown[] = []
const report = (error: unknown) => reported.push(error)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-access-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const linesOf = async (name: string) =>
  (await readFile(join(folder, name), 'utf8').catch(() => '')).split('\n').slice(0, -1)
const soon = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 20_000, interval: 50 })

describe('the access log', () => {
  let sql: Database
  let drop: () => Promise<void>
  beforeAll(async () => {
    ;({ sql, drop } = await openTestSchema('access-log'))
  })
  afterAll(() => drop())

  it('has a line for each request: who, what, how it went, and nothing secret', async () => {
    const log = await openAccessLog(folder, report)
    const { app } = await openTestApp(sql, { accessLog: log, doors: [healthRoutes({})] })
    await app.request('/healthz?token=hidden', { headers: { 'user-agent': 'probe' } })
    await app.request('/api/nothing', { headers: basic('admin', PASSWORD) })
    await app.request('/api/projects')
    await log.close()
    const [first, second, third] = (await linesOf('access.log')).map((line) => JSON.parse(line))
    expect(first).toEqual({
      ...{ time: NOW.toISOString(), address: 'unknown', user: null, method: 'GET', path: '/healthz', status: 200 },
      ...{ agent: 'probe', ms: expect.any(Number) },
    })
    expect(second).toMatchObject({ user: 'admin', path: '/api/nothing', status: 404 })
    expect(third).toMatchObject({ user: null, status: 401 })
  })

  it('is begun anew when it was moved away, and goes on when it was truncated', async () => {
    const log = await openAccessLog(folder, report)
    log.write('one')
    await soon(async () => expect(await linesOf('access.log')).toEqual(['one']))
    await rename(join(folder, 'access.log'), join(folder, 'access.log.1'))
    await soon(async () => {
      log.write('two')
      expect(await linesOf('access.log')).toContain('two')
    })
    await truncate(join(folder, 'access.log'))
    log.write('three')
    await log.close()
    expect((await linesOf('access.log')).at(-1)).toBe('three')
  })

  it('that cannot be written is reported, and written again when it can', async () => {
    const log = await openAccessLog(folder, report)
    await rm(folder, { recursive: true })
    await writeFile(folder, '') // no folder: as good as a disk that is full, for root too
    log.write('lost')
    await soon(async () => expect(reported).toHaveLength(1))
    expect(String(reported.splice(0)[0])).toContain('requests are answered and not logged')
    await rm(folder)
    await mkdir(folder)
    log.write('kept')
    await log.close()
    expect(await linesOf('access.log')).toEqual(['kept'])
  })
})
