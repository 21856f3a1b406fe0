import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hints, openHints } from '../../src/db/hints.ts'
import { appendLog, closeLog, insertLog } from '../../src/db/logs.ts'
import { listNextRuns } from '../../src/db/pages/overview.ts'
import type { Database } from '../../src/db/sql.ts'
import { NOW, openTestApp, post, signedInCookie, type TestApp } from '../support/app.ts'
import { beforeQuery } from '../support/before-query.ts'
import { rowsOf } from '../support/rows.ts'
import { openTestSchema } from '../support/schema.ts'
import { HOSTILE, textOf } from '../support/views.ts'

let sql: Database
let drop: () => Promise<void>
let hints: Hints
let app: TestApp
let bugs: unknown[]
let cookie: string
let rows: ReturnType<typeof rowsOf>

const links: unknown[] = []

beforeAll(async () => {
  ;({ sql, drop } = await openTestSchema('pages'))
  hints = await openHints(sql)
  const link = async (wish: unknown) => {
    links.push(wish)
    return { newSecret: links.length === 1 ? 'made-for-you' : null }
  }
  ;({ app, bugs } = await openTestApp(sql, { dashboard: { hints, link } }))
  cookie = await signedInCookie(app)
  rows = rowsOf(sql, NOW)
})
afterAll(async () => {
  await hints.close()
  await drop()
})

const get = (path: string) => app.request(path, { headers: { cookie } })
const read = async (path: string) => {
  const answer = await get(path)
  if (answer.status !== 200)
    throw new Error(`${path} answers ${answer.status}: ${textOf(await answer.text())} ${bugs.at(-1)}`)
  return answer.text()
}
const csrf = async () => /name="csrf" value="([^"]+)"/.exec(await read('/tokens'))?.[1] ?? ''
const act = async (path: string, fields: Record<string, string> = {}) =>
  post(app, path, { csrf: await csrf(), ...fields }, { cookie })

describe('an empty house', () => {
  it('says how to begin', async () => {
    expect(textOf(await read('/'))).toContain('Push a repository to begin.')
    expect(await read('/')).toContain('git remote add sluice https://sluice.example/git/weather.git')
  })
})

describe('a schedule that is held', () => {
  it('says so, and how it goes on, and is not among the next runs', async () => {
    const { id, workflows } = await rows.project('held', { config: { schedule: { 'daily>': '06:00:00' } } })
    const [schedule] = await sql<{ id: string }[]>`
      insert into schedules (project_id, workflow_id, workflow_name, next_run_at, next_session_time, held_at, created_at, updated_at)
      values (${id}, ${workflows.get('daily_sync') ?? ''}, 'daily_sync', '2026-03-02T05:00:00Z', '2026-03-02T00:00:00Z', ${NOW}, ${NOW}, ${NOW})
      returning id`
    const hint = `wait for a decision; sluice schedules:enable ${schedule?.id} --skip`
    expect(textOf(await read('/projects/held'))).toContain(`held: sessions were missed, and ${hint}`)
    const path = '/projects/held/workflows/daily_sync'
    expect(textOf(await read(path))).toContain('The first is that of 2 Mar 2026, 01:00 CET.')
    const overview = textOf(await read('/'))
    expect(overview).not.toContain('2026-03-02')
    expect(overview).toContain('One thing needs you.')
    expect(overview).toContain('daily_sync in held Its schedule missed sessions: make them up, or leave them out.')
    expect(textOf(await read(path))).toContain('Make them up Switch on from now')
    await act(`${path}/schedule`, { switch: 'make-up' })
    const [row] = await sql`
      select held_at is null as "goesOn", make_up_until as until, next_session_time as at from schedules where id = ${schedule?.id ?? ''}`
    expect(row).toEqual({ goesOn: true, until: NOW, at: new Date('2026-03-02T00:00:00Z') })
  })
})

describe('a schedule', () => {
  it('says what waits for what runs, what it left out and why, and where else it runs', async () => {
    const { id, workflows } = await rows.project('busy', { config: { schedule: { 'daily>': '06:00:00' } } })
    await sql`
      insert into schedules (project_id, workflow_id, workflow_name, next_run_at, next_session_time, waiting_since, created_at, updated_at)
      values (${id}, ${workflows.get('daily_sync') ?? ''}, 'daily_sync', '2026-03-28T05:00:00Z', '2026-03-27T23:00:00Z', '2026-03-28T05:00:00Z', ${NOW}, ${NOW})`
    await sql`
      insert into skipped_sessions (schedule_id, session_time, because, skipped_at)
      select id, '2026-03-26T23:00:00Z', 'running', ${NOW} from schedules where project_id = ${id}`
    const path = '/projects/busy/workflows/daily_sync'
    const isNext = async () => (await listNextRuns(sql)).some(({ project }) => project === 'busy')
    expect(await isNext()).toBe(false)
    expect(textOf(await read('/projects/busy'))).toContain('waits for what runs')
    expect(textOf(await read(path))).not.toContain('Europe/Berlin next')
    expect(textOf(await read(path))).toContain('The session of 28 Mar 2026, 00:00 CET waits since')
    expect(textOf(await read(path))).toContain('Left out the last 1 27 Mar 2026, 00:00 CET another attempt was running')
    await sql`update schedules set waiting_since = null, refused_because = 'Too many tasks. Split it.' where project_id = ${id}`
    expect(textOf(await read(path))).toContain(
      'The session of 28 Mar 2026, 00:00 CET could not be started, and is tried every ten minutes: Too many tasks. Split it.',
    )
    expect(textOf(await read('/projects/busy'))).toContain('put off')
    expect(textOf(await read('/'))).toContain(
      'daily_sync in busy Its schedule could not start a session, and tries again: Too many tasks. Split it.',
    )
    await sql`update schedules set refused_because = null where project_id = ${id}`
    expect(await isNext()).toBe(true)
    expect(textOf(await read(path))).toContain('Europe/Berlin next')
    await sql`update schedules set environments = '{production}' where project_id = ${id}`
    expect(await isNext()).toBe(false)
    expect(textOf(await read(path))).toContain('Its schedule runs only in production.')
    expect(textOf(await read('/projects/busy'))).toContain('only in production')
  })
})

describe('an environment where schedules start switched off', () => {
  it('says so on every page', async () => {
    const { app: staging } = await openTestApp(sql, { dashboard: { hints, quietEnvironment: 'staging' } })
    for (const path of ['/', '/projects', '/workers', '/deliveries', '/tokens']) {
      const page = await staging.request(path, { headers: { cookie } })
      expect(textOf(await page.text()), path).toContain('staging: schedules start off')
    }
    expect(await read('/')).not.toContain('schedules start off')
  })

  it('has a person switch one on, from now on, and off again', async () => {
    const { id, workflows } = await rows.project('quiet', { config: { schedule: { 'daily>': '06:00:00' } } })
    await sql`
      insert into schedules (project_id, workflow_id, workflow_name, next_run_at, next_session_time, disabled_at, created_at, updated_at)
      values (${id}, ${workflows.get('daily_sync') ?? ''}, 'daily_sync', '2026-03-02T05:00:00Z', '2026-03-02T00:00:00Z', ${NOW}, ${NOW}, ${NOW})`
    const path = '/projects/quiet/workflows/daily_sync'
    expect(textOf(await read(path))).toContain('Its schedule is switched off.')
    expect((await act(`${path}/schedule`, { switch: 'on' })).headers.get('location')).toBe(path)
    expect(textOf(await read(path))).toContain('5 runs Switch off')
    const [row] = await sql`select next_run_at as at from schedules where project_id = ${id}`
    expect(row?.at).toEqual(new Date('2026-03-29T04:00:00Z'))
    await act(`${path}/schedule`, { switch: 'off' })
    expect(textOf(await read(path))).toContain('Switch on from now')
  })
})

describe('pages of hostile names', () => {
  it('show them as text, and lead where they say', async () => {
    const project = await rows.project(HOSTILE, {
      workflows: [HOSTILE],
      config: { schedule: { 'daily>': '06:00:00' } },
    })
    const attempt = await rows.attempt(project, HOSTILE, { state: 'error' })
    const worker = await rows.worker(HOSTILE, { queues: [HOSTILE] })
    await rows.task(attempt.id, {
      name: `+${HOSTILE}`,
      state: 'error',
      started: 5,
      worker,
      error: HOSTILE,
      cause: HOSTILE,
      log: HOSTILE,
    })
    const name = encodeURIComponent(HOSTILE)
    const paths = [
      '/',
      '/projects',
      `/projects/${name}`,
      `/projects/${name}/deploys`,
      `/projects/${name}/workflows/${name}`,
      `/attempts/${attempt.id}`,
      '/workers',
    ]
    for (const path of paths) {
      const html = await read(path)
      expect(html.match(/<script/g), path).toHaveLength(1)
      expect(html, path).not.toMatch(/<img|<script>|\son\w+="|\sstyle=/)
      for (const [, href] of html.matchAll(/href="(\/[^"]*)"/g)) expect(href).not.toMatch(/[<>`\s]|\.\.\//)
    }
    const [, link] = /href="(\/projects\/[^"]*\/workflows\/[^"]*)"/.exec(await read(`/projects/${name}`)) ?? []
    expect((await get((link ?? '').replaceAll('&#39;', "'"))).status).toBe(200)
  })
})

describe('the workers page', () => {
  it('says of a worker that takes nothing new why', async () => {
    const worker = await rows.worker('host-c/1')
    await sql`update workers set problem = 'Docker does not answer on this machine.' where id = ${worker}`
    expect(textOf(await read('/workers'))).toContain(
      'host-c/1 takes no new tasks. Docker does not answer on this machine.',
    )
    await sql`update workers set problem = null where id = ${worker}`
    expect(textOf(await read('/workers'))).not.toContain('takes no new tasks')
  })
})

describe('the list of projects', () => {
  it('goes on where a page ends, and counts all', async () => {
    await sql`insert into projects (name, created_at) select 'many-' || lpad(n::text, 3, '0'), ${NOW} from generate_series(1, 120) n`
    const namesOn = async (path: string) =>
      [...(await read(path)).matchAll(/<td><a href="\/projects\/([^"]+)"/g)].map(([, name = '']) => name)
    const first = await namesOn('/projects')
    expect(first).toHaveLength(100)
    const [, more = ''] = /href="(\?after=[^"]+)"/.exec(await read('/projects')) ?? []
    const second = await namesOn(`/projects${more}`)
    const all = [...first, ...second]
    expect(all.filter((name) => name.startsWith('many-'))).toHaveLength(120)
    expect(new Set(all).size).toBe(all.length)
    expect(textOf(await read(`/projects${more}`))).toContain(`${all.length} projects.`)
    await sql`delete from projects where name like 'many-%'`
  })
})

describe('what is not there', () => {
  it.each([
    '/projects/nobody',
    '/projects/nobody/workflows/x',
    '/projects/nobody/deploys',
    '/projects/x/deploys/99999',
    '/attempts/99999999',
    '/deliveries/99999',
    '/deliveries/99999/body',
    '/logs/99999',
    '/attempts/x',
    '/nowhere',
  ])('is said at %s, with what to do next', async (path) => {
    const answer = await get(path)
    expect(answer.status).toBe(404)
    expect(textOf(await answer.text())).toMatch(/There is no .* (made|page|Its|Look|may be|Deliveries|Go on)/)
  })
})

describe('acts', () => {
  it('start a workflow and lead to its attempt', async () => {
    const config = { '+a': { 'echo>': 'hello' } }
    await rows.project('acting', { workflows: ['hello'], config })
    const answer = await act('/projects/acting/workflows/hello/start')
    expect(answer.status).toBe(303)
    const path = answer.headers.get('location') ?? ''
    expect(textOf(await read(path))).toContain('By admin')
    expect(textOf(await read(path))).toContain('+a')

    expect((await act(`${path}/kill`)).headers.get('location')).toBe(path)
    expect(textOf(await read(path))).toContain('Canceled')

    const again = await act(`${path}/retry`, { from: 'start' })
    expect(again.headers.get('location')).not.toBe(path)
    expect(textOf(await read(again.headers.get('location') ?? ''))).toContain('This session')
  })

  it('link a repository and show its secret once', async () => {
    const fields = { url: ' https://github.com/acme/weather.git ', branch: 'main', secret: '' }
    const answer = await act('/projects/acting/link', fields)
    expect(textOf(await answer.text())).toContain('It is shown this once.')
    expect(links).toEqual([
      { project: 'acting', url: 'https://github.com/acme/weather.git', branch: 'main', secret: '', who: 'admin' },
    ])
    expect(await read('/projects/acting')).not.toContain('made-for-you')
    expect(textOf(await (await act('/projects/acting/link', fields)).text())).not.toContain('It is shown this once.')
  })

  it('show by which keys the host of a linked repository is known', async () => {
    const { id } = await rows.project('overssh')
    const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'
    await sql`insert into links (project_id, url, webhook_secret, deploy_key, deploy_key_public, host_keys, created_at, created_by)
      values (${id}, 'git@github.com:acme/a.git', ${Buffer.of(1)}, ${Buffer.of(1)}, 'ssh-ed25519 AAAA', ${`github.com ssh-ed25519 ${key}\n`}, ${NOW}, 'admin')`
    expect(textOf(await read('/projects/overssh'))).toContain(
      'ssh-ed25519 SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
    )
  })

  it('make a token, show it once, and revoke it', async () => {
    const made = await (await act('/tokens', { name: 'laptop' })).text()
    const [token = ''] = /sluice_[\w-]{43}/.exec(made) ?? []
    const asToken = () => app.request('/api/unknown', { headers: { authorization: `Bearer ${token}` } })
    expect((await asToken()).status).toBe(404)
    const list = await read('/tokens')
    expect(list).toContain('laptop')
    expect(list).not.toContain(token)
    const [, path = ''] = /action="(\/tokens\/\d+\/revoke)"/.exec(list) ?? []
    expect((await act(path)).status).toBe(303)
    expect((await asToken()).status).toBe(401)
  })

  it('refuse a decision that is none', async () => {
    const answer = await act('/tasks/1/decide', { as: 'whatever' })
    expect([answer.status, textOf(await answer.text())]).toEqual([
      400,
      expect.stringContaining('A task is decided as success, error or retry'),
    ])
  })

  it('keep a theme in a cookie and come back', async () => {
    const answer = await act('/theme', { theme: 'dark', back: '/workers' })
    expect(answer.headers.get('location')).toBe('/workers')
    expect(answer.headers.get('set-cookie')).toContain('theme=dark')
    const dark = await app.request('/workers', { headers: { cookie: `${cookie}; theme=dark; zone=Europe/Berlin` } })
    const html = await dark.text()
    expect(html).toContain('<html lang="en" data-theme="dark">')
    expect(html).toContain('07:14 CET')
  })

  it('take no zone that is none', async () => {
    const answer = await app.request('/workers', { headers: { cookie: `${cookie}; zone=Mars/Olympus` } })
    expect(await answer.text()).toContain('06:14 UTC')
  })
})

describe('a raw log', () => {
  it('is what was written, byte for byte, and never a page', async () => {
    const bytes = Buffer.from([0, 1, 2, 0xff, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x0d, 0x0a, 0x3c])
    const id = await insertLog(sql)
    await appendLog(sql, id, bytes, NOW)
    const answer = await get(`/logs/${id}`)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('that is large is shown from its end, and says what it leaves out', async () => {
    const project = await rows.project('large')
    const attempt = await rows.attempt(project, 'daily_sync')
    const worker = await rows.worker('w-large')
    const task = await rows.task(attempt.id, { name: '+x', state: 'success', started: 5, worker })
    if (task.logId === null) throw new Error('no log')
    await sql`update logs set closed_at = null where id = ${task.logId}`
    for (let part = 0; part < 20; part++)
      await appendLog(sql, task.logId, Buffer.from(`${'x'.repeat(99)}\n`.repeat(400)), NOW)
    const html = await read(`/attempts/${attempt.id}?task=${task.id}`)
    expect(html.length).toBeLessThan(1_500_000)
    expect(textOf(html)).toContain('before this are not shown. Read it whole')
  })
})

describe('the stream of a page', () => {
  /** Reads events until `isEnough`. */
  async function listen(
    path: string,
    headers: Record<string, string>,
    isEnough: (events: readonly Event[]) => boolean,
  ) {
    const answer = await app.request(path, { headers: { cookie, ...headers } })
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    let events: readonly Event[] = []
    while (reader !== undefined && !isEnough(events)) {
      const { value, done } = await reader.read()
      if (done) break
      text += value
      events = text.split('\n\n').slice(0, -1).map(readEvent)
    }
    await reader?.cancel()
    return events
  }
  type Event = { event: string; id: string; data: string }
  const readEvent = (block: string): Event => {
    const field = (name: string) =>
      block
        .split('\n')
        .filter((line) => line.startsWith(`${name}: `))
        .map((line) => line.slice(name.length + 2))
        .join('\n')
    return { event: field('event'), id: field('id'), data: field('data') }
  }

  it('goes on in a log from where the reader stood, and ends when nothing moves', async () => {
    const project = await rows.project('stream')
    const attempt = await rows.attempt(project, 'daily_sync', { state: 'success' })
    const worker = await rows.worker('w-stream')
    const { logId } = await rows.task(attempt.id, { name: '+x', state: 'running', started: 5, worker, log: 'one\ntw' })
    if (logId === null) throw new Error('no log')
    const [, from = ''] = /data-from="([^"]+)"/.exec(await read(`/attempts/${attempt.id}`)) ?? []
    await appendLog(sql, logId, Buffer.from('o\nthree\n'), NOW)

    const first = await listen(`/events/attempts/${attempt.id}?from=${from}`, {}, (events) =>
      events.some(({ event }) => event === 'log'),
    )
    const log = first.find(({ event }) => event === 'log')
    expect(textOf(log?.data ?? '')).toMatch(/^2 [\d:]+ o 3 [\d:]+ three$/)
    expect(log?.data).toContain('data-onto="end"')

    await appendLog(sql, logId, Buffer.from('four\n'), NOW)
    await closeLog(sql, logId, NOW)
    const last = { 'last-event-id': log?.id ?? '' }
    const second = await listen(`/events/attempts/${attempt.id}?from=${from}`, last, (events) =>
      events.some(({ event }) => event === 'over'),
    )
    expect(second.filter(({ event }) => event === 'log').map(({ data }) => textOf(data))).toEqual([
      expect.stringMatching(/^4 [\d:]+ four$/),
    ])
    expect(second.at(-1)?.event).toBe('over')
  })

  it('of a deploy sends its steps and its log', async () => {
    const project = await rows.project('deploying')
    const deploy = await rows.deploy(project, { state: 'checking', log: 'Receiving\n' })
    const heard = listen(`/events/deploys/${deploy.id}`, {}, (events) =>
      ['data-state="live"', 'Receiving'].every((words) => events.some(({ data }) => data.includes(words))),
    )
    await sql.begin(async (tx) => {
      await tx`update deploys set state = 'live', revision_id = ${project.revisionId}, finished_at = ${NOW} where id = ${deploy.id}`
      await tx`select pg_notify('sluice', ${`deploy:${deploy.id}`})`
    })
    const text = textOf((await heard).map(({ data }) => data).join(' '))
    expect(text).toContain('Receiving')
    expect(textOf(await read(`/projects/deploying/deploys/${deploy.id}`))).toContain('v1 Live')
    expect((await get(`/deploys/${deploy.id}`)).headers.get('location')).toBe(
      `/projects/deploying/deploys/${deploy.id}`,
    )
  })

  it('does not end before it sent the end of a task, which comes while the page is being read', async () => {
    const project = await rows.project('late')
    const attempt = await rows.attempt(project, 'daily_sync')
    const worker = await rows.worker('w-late')
    const task = await rows.task(attempt.id, { name: '+x', state: 'running', started: 1, worker })
    const endIt = async () => {
      await sql`select pg_sleep(0.05)` // what is being read beside it has been read
      await sql.begin(async (tx) => {
        await tx`update tasks set state = 'success', lease_until = null where id = ${task.id}`
        await tx`update attempts set state = 'success', finished_at = ${NOW} where id = ${attempt.id}`
        if (task.logId !== null) await closeLog(tx, task.logId, NOW)
      })
    }
    const late = await openTestApp(beforeQuery(sql, 'attempts.index, retry_name', endIt), { dashboard: { hints } })
    const stream = await late.app.request(`/events/attempts/${attempt.id}`, { headers: { cookie } })
    const text = await stream.text() // all of it: the stream ends by itself
    expect(text).toContain('event: over')
    expect(text).toContain('1 of 1 done')
  })

  it('is closed to strangers', async () => {
    expect((await app.request('/events/overview')).status).toBe(401)
  })
})

describe('deliveries', () => {
  it('tell what came, what became of it, and why', async () => {
    const project = await rows.project('inbox')
    const declined = await rows.deploy(project, {
      state: 'declined',
      problem: 'sync.dig:14:3 unknown key',
      kind: 'webhook',
    })
    const text = textOf(await read(`/deliveries/${declined.deliveryId}`))
    expect(text).toContain('Declined: sync.dig:14:3 unknown key')
    expect(text).toContain('mend what it says, and push again.')
    expect(textOf(await read('/deliveries?state=declined'))).toContain('sync.dig:14:3')
    expect(textOf(await read('/deliveries?state=ignored'))).toContain('No delivery is ignored.')
    const body = await get(`/deliveries/${declined.deliveryId}/body`)
    expect(body.headers.get('content-disposition')).toMatch(/^attachment;/)
    expect(await body.text()).toBe('{"ref":"refs/heads/main"}')
  })
})

describe('every page', () => {
  it('was made without a bug', () => {
    expect(bugs).toEqual([])
  })
})
