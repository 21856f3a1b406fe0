import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/sql.ts'
import { metricsRoutes } from '../../src/http/metrics.ts'
import { renderMetrics } from '../../src/http/prometheus.ts'
import { basic, NOW, openTestApp, PASSWORD, type TestApp } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'
import { openTestSchema } from '../support/schema.ts'

let sql: Database
let drop: () => Promise<void>
let app: TestApp
const headers = basic('admin', PASSWORD)

beforeAll(async () => {
  ;({ sql, drop } = await openTestSchema('metrics'))
  ;({ app } = await openTestApp(sql, { doors: [metricsRoutes({ sql, version: '0.1.0' })] }))
  const rows = rowsOf(sql, NOW)
  const worker = await rows.worker('a/1')
  const project = await rows.project('shop')
  const attempt = await rows.attempt(project, 'daily_sync')
  await rows.task(attempt.id, { name: '+a', state: 'running', started: 5, worker })
  await rows.task(attempt.id, { name: '+b', state: 'ready', queue: 'a "gpu"\n' })
  await sql`update workers set heard_at = clock_timestamp()`
  await sql`update limits set used = 1`
  await sql`update attempt_ends set ended = 7 where state = 'error'`
})
afterAll(() => drop())

describe('/metrics', () => {
  it('says how the installation stands, by names that begin with sluice_', async () => {
    const answer = await app.request('/metrics', { headers })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ])
    const lines = (await answer.text()).split('\n')
    for (const line of [
      'sluice_attempts_ended_total{state="error"} 7',
      'sluice_attempts_running 1',
      'sluice_tasks{state="ready"} 1',
      'sluice_tasks{state="running"} 1',
      'sluice_queue_depth{queue="a \\"gpu\\"\\n"} 1',
      'sluice_worker_online{worker="a/1"} 1',
      'sluice_worker_tasks_running{worker="a/1"} 1',
      'sluice_worker_tasks_total{worker="a/1"} 8412',
      'sluice_worker_tasks_failed_total{worker="a/1"} 31',
      'sluice_build_info{version="0.1.0"} 1',
    ])
      expect(lines).toContain(line)
  })

  it('is closed, as everything is, until the operator opens it', async () => {
    expect((await app.request('/metrics')).status).toBe(401)
    const doors = [metricsRoutes({ sql, version: '0.1.0' })]
    const { app: opened } = await openTestApp(sql, { doors, opened: ['/metrics'] })
    expect((await opened.request('/metrics')).status).toBe(200)
    expect((await opened.request('/api/projects')).status).toBe(401)
  })

  it('is what Prometheus reads: each line a head or a sample, each head once', async () => {
    const text = await (await app.request('/metrics', { headers })).text()
    const sample = /^[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"\})? [-+\d.e]+$/
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(line.startsWith('#') ? /^# (HELP|TYPE) / : sample)
    const heads = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    expect(new Set(heads).size).toBe(heads.length)
  })

  it.skipIf(spawnSync('promtool', ['--version']).status !== 0)('pleases promtool', async () => {
    const input = await (await app.request('/metrics', { headers })).text()
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('leaves out a metric that nobody has', () => {
    expect(renderMetrics([{ name: 'a', help: 'b', type: 'gauge', samples: [] }])).toBe('')
  })
})
