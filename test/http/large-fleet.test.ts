import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '../../src/app/create-token.ts'
import type { Database } from '../../src/db/sql.ts'
import { findUser } from '../../src/db/users.ts'
import { apiRoutes } from '../../src/http/api/routes.ts'
import { flowerRoutes } from '../../src/http/flower/routes.ts'
import { metricsRoutes } from '../../src/http/metrics.ts'
import { NOW, openTestApp, signedInCookie, type TestApp } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'
import { openTestSchema } from '../support/schema.ts'
import { textOf } from '../support/views.ts'

const WORKERS = 200
const GONE = 20
const QUEUES = 50
const TASKS = 20_000
const KINDS = 40
/** The bar is 300 ms on a quiet machine; a busy one is given more. */
const BOUND_MS = 10_000

let sql: Database
let drop: () => Promise<void>
let app: TestApp
let headers: Record<string, string>

/** Every worker runs four tasks and has counted forty kinds; every queue has more waiting than it says. */
beforeAll(async () => {
  ;({ sql, drop } = await openTestSchema('large_fleet'))
  const broker = { transport: 'redis', hostname: '127.0.0.1', port: 6399, path: '0' }
  const now = () => new Date()
  const attempts = { sql, wakeUps: { ring: async () => {} } }
  const hints = { hear: () => () => {} }
  const nobody = async () => Promise.reject(new Error('nobody links or uploads'))
  const doors = [
    flowerRoutes({ sql, now, broker, url: null }),
    metricsRoutes({ sql, version: '1' }),
    apiRoutes({
      ...attempts,
      hints,
      now,
      version: '1',
      quietEnvironment: null,
      linkProject: nobody,
      receiveArchive: nobody,
      maxArchiveBytes: 0,
    }),
  ]
  ;({ app } = await openTestApp(sql, { doors, now }))
  const rows = rowsOf(sql, now())
  const project = await rows.project('shop')
  const { id } = await rows.attempt(project, 'daily_sync')
  await sql`
    insert into workers (name, host, pid, executor, engine, slots, queues, started_at, heard_at, processed, failed, load_average)
    select 'host-' || n || '/0', 'host-' || n, n, 'docker', '20.10', 4, array['q' || n % ${QUEUES}, 'default'], now(),
      now() - (n <= ${GONE})::int * interval '1 hour', n, 0, '{1,1,1}' from generate_series(1, ${WORKERS}) as n`
  await sql`
    insert into tasks (attempt_id, full_name, kind, config, is_initial, is_retryable, state, upstreams, ready_at, changed_at, queue)
    select ${id}, '+daily_sync+wait_' || n, 'operator', '{}', true, false, 'ready', '{}', now(), now(), 'q' || n % ${QUEUES}
    from generate_series(1, ${TASKS}) as n`
  await sql`
    insert into tasks (attempt_id, full_name, kind, config, is_initial, is_retryable, state, upstreams, ready_at, started_at, changed_at, queue, worker_id,
      lease_until, next_check_at)
    select ${id}, '+daily_sync+run_' || n, 'operator', '{}', true, false, 'running', '{}', now(), now(), now(), 'default', workers.id, now(), now()
    from workers, generate_series(1, 4) as n`
  await sql`
    insert into task_totals (worker_id, task, started, succeeded, failed, retried, canceled, runtime_seconds, runtime_counts, created_at, changed_at)
    select id, 'shop/daily_sync+run_' || n, 9, 9, 0, 0, 0, 9, array_fill(1, array[15]), now(), now() from workers, generate_series(1, ${KINDS}) as n`
  await sql`
    insert into queue_minutes select 'q' || n, date_trunc('minute', now()) - make_interval(mins => ago), 9
    from generate_series(0, ${QUEUES - 1}) as n, generate_series(0, 59) as ago`
  await sql`analyze`
  const admin = await findUser(sql, 'admin')
  if (admin === undefined) throw new Error('there is no admin')
  const token = await createToken({ sql }, { userId: admin.id, name: 'flower' }, NOW)
  headers = { authorization: `Bearer ${token}` }
})
afterAll(() => drop())

describe(`a fleet of ${WORKERS} workers and ${QUEUES} queues`, () => {
  const time = async (path: string, with_: Record<string, string>) => {
    const startedAt = performance.now()
    const answer = await app.request(path, { headers: with_ })
    const text = await answer.text()
    const ms = Math.round(performance.now() - startedAt)
    console.log(`${path.slice(0, 40)}: ${ms} ms, ${Math.round(text.length / 1024)} KiB`)
    expect([path.slice(0, 40), answer.status]).toEqual([path.slice(0, 40), 200])
    return { ms, text }
  }

  it('has a page that shows all of them, and of what is wrong the newest', async () => {
    const cookie = { cookie: await signedInCookie(app) }
    const { ms, text } = await time('/workers', cookie)
    expect(ms).toBeLessThan(BOUND_MS)
    expect(text.length).toBeLessThan(2 ** 20)
    const words = textOf(text)
    expect(words).toContain('200 workers')
    expect(text.match(/class="notice is-lost"/g)).toHaveLength(3)
    expect(words).toContain('17 more workers not heard any more: see below.')
    expect(textOf((await time('/', cookie)).text)).toContain('All 200 workers')
  })

  it.each([
    ...['/api/workers', '/api/queues', '/metrics', '/flower/metrics', '/flower/api/workers', '/flower/workers?json=1'],
    ...['/flower/api/queues/length', '/flower/api/tasks', '/flower/api/task/types'],
    '/flower/api/tasks?search=',
  ])('is told by %s within bounds', async (path) => {
    const words = Array.from({ length: 60 }, (_, n) => `nothing_${n}`)
    const whole = path.endsWith('search=') ? `${path}${words.join('+OR+')}` : path
    const { ms, text } = await time(whole, headers)
    expect(ms).toBeLessThan(BOUND_MS)
    expect(text.length).toBeLessThan(8 * 2 ** 20)
  })
})
