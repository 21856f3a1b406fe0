import { createHmac, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { linkProject } from '../../src/app/link-project.ts'
import type { LogId } from '../../src/brand.ts'
import { listLogChunks } from '../../src/db/logs.ts'
import { seal } from '../../src/db/sealed.ts'
import { Refusal } from '../../src/refusal.ts'
import { NOW, openDeliveryServer, until } from '../support/delivery.ts'
import { makeRepository, type TestRepository } from '../support/git.ts'
import { openTestSchema } from '../support/schema.ts'

const { sql, drop } = await openTestSchema('hooks')
const server = await openDeliveryServer(sql)
const made: TestRepository[] = []
afterAll(async () => {
  expect(server.bugs).toEqual([])
  await server.close()
  for (const repository of made) await repository.remove()
  await drop()
})

const SECRET = 'an old secret of 2019'
const message = (name: string) => `../messages/${name}.txt`
let deliveries = 0

async function linked(
  name: string,
  files: Record<string, string> = { 'daily.dig': 'schedule:\n  daily>: 07:00:00\n\n+a:\n  sh>: echo\n' },
) {
  const repository = await makeRepository(files)
  made.push(repository)
  const link = await linkProject(
    server.links,
    { name, url: `file://${repository.folder}`, branch: null, secret: SECRET },
    'ana',
    NOW,
  )
  return { repository, link }
}

const push = (branch = 'main', after = '1'.repeat(40), more = {}) =>
  JSON.stringify({ ref: `refs/heads/${branch}`, before: '0'.repeat(40), after, pusher: { name: 'bo' }, ...more })

const sign = (body: string | Buffer, secret = SECRET) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

async function send(
  project: string,
  body: string | Buffer,
  { event = 'push', id = `delivery-${++deliveries}`, ...headers }: Record<string, string | undefined> = {},
) {
  const given = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': id,
    'x-hub-signature-256': sign(body),
    ...headers,
  }
  const present = Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const answer = await fetch(`http://${server.host}/hooks/github/${project}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: present,
  })
  return { status: answer.status, text: await answer.text() }
}

const deploysOf = (name: string) =>
  sql<{ state: string; problem: string | null; commit: string | null; settled: boolean; logId: LogId }[]>`
    select deploys.state, problem, new_commit as commit, settled_at is not null as settled, log_id as "logId"
    from deploys join projects on projects.id = project_id where name = ${name} order by deploys.id`

const settled = (name: string, count = 1) =>
  until(async () => {
    const deploys = await deploysOf(name)
    return deploys.length === count && deploys.every((deploy) => deploy.settled) && deploys
  })

const deliveriesOf = (name: string) =>
  sql`select deliveries.state, reason, event from deliveries join projects on projects.id = project_id
    where name = ${name} order by deliveries.id`

describe('a webhook of a push', () => {
  it('deploys what the remote has, whatever it says itself', async () => {
    const { repository } = await linked('shop')
    const answer = await send('shop', push())
    expect(answer).toMatchObject({ status: 202 })
    const [deploy] = await settled('shop')
    expect(deploy).toMatchObject({ state: 'live', commit: (await repository.git('rev-parse', 'main')).out.trim() })
    const log = await listLogChunks(sql, deploy?.logId as LogId, 0)
    await expect(
      log
        .map(({ bytes }) => String(bytes))
        .join('')
        .replace(/deploys\/\d+/, 'deploys/7'),
    ).toMatchFileSnapshot('./transcripts/webhook.txt')
    const clone = await repository.git('ls-remote', server.url('shop'), 'HEAD')
    expect(clone.out.slice(0, 40)).toBe(deploy?.commit)
  })

  it('is declined while it is fetched when the repository sends more than the limit', async () => {
    const { repository } = await linked('huge', { 'noise.bin': randomBytes(6 * 1024 * 1024).toString('base64') })
    await send('huge', push())
    const [deploy] = await settled('huge')
    expect(deploy).toMatchObject({ state: 'failed', commit: null })
    const log = (await listLogChunks(sql, deploy?.logId as LogId, 0)).map(({ bytes }) => String(bytes)).join('')
    const plain = log.replaceAll(repository.folder, '/path/to/repository')
    await expect(plain).toMatchFileSnapshot(message('webhook-fetch-too-large'))
  })

  it('that comes twice is done once', async () => {
    await linked('twice')
    const answers = await Promise.all(Array.from({ length: 10 }, () => send('twice', push(), { id: 'same' })))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 202])
    expect(answers.filter(({ text }) => text.includes('seen before'))).toHaveLength(9)
    expect(await settled('twice')).toHaveLength(1)
  })

  it('that is sent again with another body is not done either', async () => {
    await linked('replayed')
    expect((await send('replayed', push(), { id: 'one' })).status).toBe(202)
    const again = await send('replayed', push('main', '2'.repeat(40)), { id: 'one' })
    expect(again.status).toBe(200)
    await expect(`${again.text}\n`).toMatchFileSnapshot(message('webhook-replayed'))
    expect(await deliveriesOf('replayed')).toHaveLength(1)
    await settled('replayed')
  })

  it('with names that no database can hold, and keys that come twice, breaks nothing', async () => {
    await linked('odd')
    const body = `{"ref":"refs/heads/other","ref":"refs/heads/main","after":"${'1'.repeat(40)}","pusher":{"name":"b\\u0000\\ud800"},"__proto__":{"x":1}}`
    expect((await send('odd', body)).status).toBe(202)
    expect((await send('odd', body.replaceAll('/main', '/\\u0000'))).status).toBe(202)
    expect(await settled('odd')).toMatchObject([{ state: 'live' }])
  })

  it('with a signature beside the right one is refused', async () => {
    await linked('doubled')
    const headers = { 'x-hub-signature-256': `${sign(push(), 'x')}, ${sign(push())}` }
    expect((await send('doubled', push(), headers)).status).toBe(401)
  })

  it('deploys a commit once, however many webhooks tell of it', async () => {
    await linked('once')
    await Promise.all(Array.from({ length: 5 }, () => send('once', push())))
    const states = (await settled('once', 5)).map(({ state }) => state).sort()
    expect(states).toEqual(['live', ...Array(4).fill('replaced')])
  })

  it('tells what is wrong with the project and leaves what is live', async () => {
    const { repository } = await linked('worse')
    await send('worse', push())
    await settled('worse')
    await repository.commit({ 'daily.dig': '+a:\n  shh>: echo\n' })
    await send('worse', push())
    expect((await settled('worse', 2)).map(({ state }) => state)).toEqual(['live', 'declined'])
    expect(
      await sql`select number from revisions join projects on projects.id = project_id where projects.name = 'worse'`,
    ).toEqual([{ number: 1 }])
    const remote = await repository.git('ls-remote', server.url('worse'), 'main')
    expect(remote.out.slice(0, 40)).toBe((await repository.git('rev-parse', 'main^')).out.trim())
  })

  it('fails with a reason when the remote cannot be fetched', async () => {
    const { repository } = await linked('away')
    await repository.remove()
    await send('away', push())
    expect(await settled('away')).toMatchObject([
      { state: 'failed', problem: expect.stringContaining('could not be fetched') },
    ])
  })
})

describe('a webhook', () => {
  it.each([
    ['of another branch', push('feature'), 'push', 'only main deploys, this is feature'],
    ['of a tag', JSON.stringify({ ref: 'refs/tags/v1', after: '1'.repeat(40) }), 'push', 'refs/tags/v1 is no branch'],
    ['of a deleted branch', push('main', '0'.repeat(40), { deleted: true }), 'push', 'main was deleted'],
    ['of something else', '{}', 'issues', 'issues events deploy nothing'],
    ['with a body that is no push', '"str"', 'push', 'it is not the body of a push'],
  ])('%s is kept and deploys nothing', async (_name, body, event, reason) => {
    await linked('quiet')
    expect(await send('quiet', body, { event })).toMatchObject({ status: 202 })
    expect((await deliveriesOf('quiet')).at(-1)).toEqual({ state: 'ignored', reason, event })
    expect(await deploysOf('quiet')).toEqual([])
  })

  it('that only pings is answered', async () => {
    await linked('ping')
    expect(await send('ping', '{"zen":"Keep it logically awesome."}', { event: 'ping' })).toMatchObject({ status: 200 })
  })

  it('keeps its bytes', async () => {
    await linked('bytes')
    const body = '{ "ref" : "refs/heads/ä\\u001B", "after":"1" }\n'
    await send('bytes', body)
    const [row] = await sql`select body from deliveries join projects on projects.id = project_id where name = 'bytes'`
    expect(String(row?.body)).toBe(body)
  })
})

describe('a webhook that is refused', () => {
  it.each([
    ['wrong', { 'x-hub-signature-256': sign('other') }],
    ['missing', { 'x-hub-signature-256': undefined }],
    ['of another secret', { 'x-hub-signature-256': sign(push(), 'guess') }],
    ['short', { 'x-hub-signature-256': 'sha256=00' }],
    ['empty', { 'x-hub-signature-256': 'sha256=' }],
    [
      'sha1',
      {
        'x-hub-signature-256': undefined,
        'x-hub-signature': `sha1=${createHmac('sha1', SECRET).update(push()).digest('hex')}`,
      },
    ],
    [
      'sha1 under the name of sha256',
      { 'x-hub-signature-256': `sha1=${createHmac('sha1', SECRET).update(push()).digest('hex')}` },
    ],
  ])('because its signature is %s always hears the same', async (_name, headers) => {
    await linked('signed')
    const answer = await send('signed', push(), headers)
    expect(answer.status).toBe(401)
    await expect(answer.text).toMatchFileSnapshot(message('webhook-signature'))
    expect(await deliveriesOf('signed')).toEqual([])
  })

  it('because its link has no secret finds no route, whatever it is signed with', async () => {
    await linked('open')
    const [{ id }] = await sql<[{ id: string }]>`select id from projects where name = 'open'`
    const none = seal(server.links.key, `links.webhook_secret/${id}`, '')
    await sql`update links set webhook_secret = ${none} where project_id = ${id}`
    for (const signature of [sign(push(), ''), sign(push()), undefined])
      expect((await send('open', push(), { 'x-hub-signature-256': signature })).status).toBe(404)
    expect(await deliveriesOf('open')).toEqual([])
  })

  it('because it is too large leaves nothing, with and without a length', async () => {
    await linked('large')
    const body = 'x'.repeat(200_000)
    const answer = await send('large', body)
    expect(answer.status).toBe(413)
    await expect(answer.text).toMatchFileSnapshot(message('webhook-oversize'))
    expect(await sendChunked('large', body)).toContain('413')
    expect(await deliveriesOf('large')).toEqual([])
  })

  it('because its body is no UTF-8 leaves nothing', async () => {
    await linked('latin')
    const body = Buffer.from([0x7b, 0xff, 0x7d])
    const answer = await send('latin', body)
    expect(answer.status).toBe(400)
    await expect(answer.text).toMatchFileSnapshot(message('webhook-not-utf8'))
  })

  it('because its project is not linked, or there is none', async () => {
    const repository = await makeRepository({ 'daily.dig': 'schedule:\n  daily>: 07:00:00\n\n+a:\n  sh>: echo\n' })
    made.push(repository)
    await repository.git('push', server.url('unlinked'), 'main')
    expect(await send('unlinked', push())).toEqual({ status: 404, text: '' })
    expect(await send('nothing', push())).toEqual({ status: 404, text: '' })
  })

  it('because a delivery has no name', async () => {
    await linked('nameless')
    expect(await send('nameless', push(), { 'x-github-delivery': undefined })).toMatchObject({ status: 400 })
    expect(await send('nameless', push(), { event: '__proto__' })).toMatchObject({ status: 202 })
  })
})

/** A body that does not tell its length. */
function sendChunked(project: string, body: string): Promise<string> {
  const [hostname = '', port] = server.host.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', reject).once('data', (data) => {
      socket.destroy()
      resolve(String(data).split('\r\n')[0] ?? '')
    })
    socket.write(`POST /hooks/github/${project} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`)
    socket.write(`x-github-event: push\r\nx-github-delivery: chunked\r\nx-hub-signature-256: ${sign(body)}\r\n`)
    socket.write(`transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
  })
}

describe('a link', () => {
  it('makes the project, and a secret that is told once', async () => {
    const repository = await makeRepository({})
    made.push(repository)
    const request = { name: 'fresh', url: `file://${repository.folder}`, branch: 'trunk', secret: null }
    const first = await linkProject(server.links, request, 'ana', NOW)
    expect(first).toMatchObject({ branch: 'trunk', hookUrl: 'http://sluice.example/hooks/github/fresh' })
    expect(first.newSecret).toMatch(/^[\w-]{32}$/)
    expect((await linkProject(server.links, { ...request, branch: null }, 'ana', NOW)).newSecret).toBeNull()
    const body = push('trunk')
    expect((await send('fresh', body, { 'x-hub-signature-256': sign(body, first.newSecret ?? '') })).status).toBe(202)
    await settled('fresh')
  })

  it.each([
    ['ext', 'ext::sh -c touch% /tmp/pwned'],
    ['local', '/etc/passwd'],
    ['option', '--upload-pack=touch /tmp/pwned'],
    ['credentials', 'https://ana:secret@github.com/ana/shop.git'],
    ['metadata', 'https://169.254.169.254/latest.git'],
  ])('to an address of the kind %s is refused', async (name, url) => {
    const request = { name: 'refused', url, branch: null, secret: null }
    const refusal = await linkProject(server.links, request, 'ana', NOW).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Refusal)
    const { message: text, hint } = refusal as Refusal
    await expect(`${text}\n${hint}\n`).toMatchFileSnapshot(message(`link-${name}`))
    expect(await sql`select from projects where name = 'refused'`).toEqual([])
  })
})
