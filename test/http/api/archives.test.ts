import { createHash, randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { type Memory, openMemory } from '../../../src/app/memory.ts'
import { type ArchiveReceived, receiveArchive } from '../../../src/app/receive-archive.ts'
import { resumeDeploys } from '../../../src/app/resume-deploys.ts'
import type { LogId } from '../../../src/brand.ts'
import { listLogChunks } from '../../../src/db/logs.ts'
import { openDeliveryServer, until } from '../../support/delivery.ts'
import { makeRepository } from '../../support/git.ts'
import { openTestSchema } from '../../support/schema.ts'
import { tarGzOf } from '../../support/source.ts'
import { archiveOf } from '../../support/tar.ts'
import { openApi } from './door.ts'

const { sql, drop } = await openTestSchema('archives')
const server = await openDeliveryServer(sql)
const maxArchiveBytes = server.deploy.maxSourceBytes
let beforeAnswer = async (): Promise<unknown> => undefined
const api = await openApi(sql, {
  maxArchiveBytes,
  receiveArchive: async (one) => {
    const revisionId = await receiveArchive(server.deploy, one)
    await beforeAnswer()
    return revisionId
  },
})
afterAll(async () => {
  expect([server.bugs, api.bugs]).toEqual([[], []])
  await api.hints.close()
  await server.close()
  await drop()
})

const DAILY = 'timezone: Asia/Tokyo\nschedule:\n  daily>: 07:00:00\n\n+a:\n  sh>: echo\n'
const HEADERS = { authorization: `Bearer ${api.token}`, 'content-type': 'application/gzip' }

async function push(query: string, body: Uint8Array, headers: Record<string, string | undefined> = {}) {
  const all = { 'content-length': String(body.byteLength), ...HEADERS, ...headers }
  const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  const answer = await api.app.request(`/api/projects?${query}`, {
    method: 'PUT',
    headers: Object.fromEntries(given),
    body: Buffer.from(body),
  })
  const answered = (await answer.json()) as Record<string, string>
  return { status: answer.status, body: answered, hint: answer.headers.get('sluice-hint') }
}

const pushFiles = async (query: string, files: Record<string, string>) => push(query, await tarGzOf(files))
async function bodyOf(files: Record<string, string>) {
  const tarGz = await tarGzOf(files)
  return { bytes: tarGz.length, read: async () => tarGz }
}
const schedulesOf = async (project: string) => (await api.list(`/projects/${project}/schedules`)) as unknown[]

describe('PUT /api/projects', () => {
  it('makes a project live, and answers it in the shape of Digdag alone', async () => {
    const tarGz = await tarGzOf({ 'main.dig': DAILY, 'data/one.csv': '1\n' })
    const { status, body } = await push('project=shop&revision=first', tarGz)
    const md5 = createHash('md5').update(tarGz).digest('base64')
    const at = '2026-03-28T06:14:08Z'
    const shape = { name: 'shop', revision: 'first', archiveType: 'db', archiveMd5: md5 }
    expect([status, body]).toEqual([
      200,
      { id: expect.stringMatching(/^\d+$/), ...shape, createdAt: at, updatedAt: at, deletedAt: null },
    ])
    expect(await api.json(`/projects/${body.id}`)).toMatchObject({ ...shape, revisionNumber: 1, branch: null })
    expect(await api.json('/projects/shop/workflows/main')).toMatchObject({
      revision: 'first',
      timezone: 'Asia/Tokyo',
      config: { schedule: { 'daily>': '07:00:00' }, '+a': { 'sh>': 'echo' } },
    })
    const archive = await api.get('/projects/shop/archive')
    expect(archive.headers.get('content-type')).toBe('application/gzip')
    expect(archive.headers.get('content-length')).toBe(String(tarGz.length))
    expect(Buffer.from(await archive.arrayBuffer()).equals(tarGz)).toBe(true)
  })

  it('may say more of its type', async () => {
    const headers = { 'content-type': 'application/gzip; charset=binary' }
    const { status } = await push('project=typed&revision=1', await tarGzOf({ 'main.dig': DAILY }), headers)
    expect(status).toBe(200)
  })

  it('is downloaded piece by piece, and no further than its reader reads', async () => {
    const tarGz = await tarGzOf({ 'main.dig': DAILY, noise: randomBytes(2.5 * 2 ** 20) })
    await push('project=large&revision=r', tarGz)
    const pieces: Uint8Array[] = []
    for await (const piece of (await api.get('/projects/large/archive')).body ?? []) pieces.push(piece)
    expect(pieces.map(({ length }) => length)).toEqual([2 ** 20, 2 ** 20, tarGz.length - 2 * 2 ** 20])
    expect(Buffer.concat(pieces).equals(tarGz)).toBe(true)
    await (await api.get('/projects/large/archive')).body?.cancel()
  })

  it('is a delivery and a deploy with a log, as every push', async () => {
    await pushFiles('project=logged&revision=first', { 'main.dig': DAILY })
    expect(await api.list('/deliveries?project=logged')).toMatchObject([
      { kind: 'upload', ref: 'first', pushedBy: 'admin', state: 'deployed' },
    ])
    const [deploy] = await api.list('/deploys?project=logged')
    expect(deploy).toMatchObject({
      state: 'live',
      branch: 'first',
      commit: null,
      revision: { name: 'first', number: 1 },
    })
    const log = await (await api.get(`/deploys/${deploy?.id}/log`)).text()
    expect(log).toContain('-----> Receiving logged @ first (pushed by admin)\n-----> Checking 1 workflow\n')
    expect(log).toContain('=====> logged v1 is live: http://sluice.example/projects/logged\n')
  })

  it('keeps the names of revisions apart', async () => {
    expect((await pushFiles('project=twice&revision=r', { 'main.dig': DAILY })).status).toBe(200)
    const { status, body } = await pushFiles('project=twice&revision=r', { 'main.dig': DAILY })
    const [project] = await sql`select id from projects where name = 'twice'`
    expect([status, body]).toEqual([
      409,
      { status: 409, message: `Resource already exists: revision=r in project id=${project?.id}` },
    ])
    expect((await pushFiles('project=twice&revision=s', { 'main.dig': DAILY })).status).toBe(200)
    expect((await api.list('/projects/twice/revisions')).map(({ revision }) => revision)).toEqual(['s', 'r'])
  })

  it('lets one of two win that come at once', async () => {
    const both = [0, 1].map(() => pushFiles('project=race&revision=r', { 'main.dig': DAILY }))
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([200, 409])
  })

  it('answers what this push made live, though another has gone live since', async () => {
    const upload = { revision: 'later', scheduleFrom: null, clear: [] }
    const later = { project: 'overtaken', upload, pushedBy: 'ana', ...(await bodyOf({ 'main.dig': DAILY, later: '' })) }
    beforeAnswer = () => receiveArchive(server.deploy, later)
    const tarGz = await tarGzOf({ 'main.dig': DAILY })
    const { body } = await push('project=overtaken&revision=r', tarGz).finally(() => {
      beforeAnswer = async () => undefined
    })
    const archiveMd5 = createHash('md5').update(tarGz).digest('base64')
    expect(body).toMatchObject({ name: 'overtaken', revision: 'r', archiveMd5 })
    expect(await api.json('/projects/overtaken')).toMatchObject({ revision: 'later' })
  })

  it('lives with pushes of git to the same project', async () => {
    const repository = await makeRepository({ 'main.dig': DAILY, 'from.txt': 'git' })
    await repository.git('push', server.url('mixed'), 'main')
    expect((await pushFiles('project=mixed&revision=r', { 'main.dig': DAILY })).status).toBe(200)
    await repository.commit({ 'main.dig': DAILY, 'from.txt': 'git again' })
    await repository.git('push', server.url('mixed'), 'main')
    await repository.remove()
    const numbers = (await api.list('/projects/mixed/revisions')).map(({ number }) => number)
    expect(numbers).toEqual([3, 2, 1])
    const newest = gunzipSync(Buffer.from(await (await api.get('/projects/mixed/archive')).arrayBuffer()))
    expect(newest.includes('git again')).toBe(true)
    const uploaded = gunzipSync(Buffer.from(await (await api.get('/projects/mixed/archive?revision=r')).arrayBuffer()))
    expect(uploaded.includes('from.txt')).toBe(false)
    expect((await api.get('/projects/mixed/archive?revision=none')).status).toBe(404)
  })

  it.each([
    ['main', 'main'],
    ['trunk', 'trunk'],
  ])('is followed by a push of git to %s, which deploys as a first push does', async (branch) => {
    const project = `moved-${branch}`
    const repository = await makeRepository({ 'main.dig': DAILY }, branch)
    await pushFiles(`project=${project}&revision=r`, { 'main.dig': DAILY })
    expect((await repository.git('push', server.url(project), branch)).err).toContain(`${project} v2 is live`)
    await pushFiles(`project=${project}&revision=s`, { 'main.dig': DAILY })
    await repository.commit({ 'main.dig': DAILY, 'more.txt': '' })
    expect((await repository.git('push', server.url(project), branch)).err).toContain(`${project} v4 is live`)
    await repository.remove()
    expect(await api.json(`/projects/${project}`)).toMatchObject({ branch, revisionNumber: 4 })
  })

  it('does not bind a branch whose first push was declined', async () => {
    const repository = await makeRepository({ 'main.dig': '+a:\n  shh>: echo\n' }, 'attempt')
    expect((await repository.git('push', server.url('unbound'), 'attempt')).code).toBe(1)
    await pushFiles('project=unbound&revision=r', { 'main.dig': DAILY })
    await repository.commit({ 'main.dig': DAILY })
    expect((await repository.git('push', server.url('unbound'), 'attempt:main')).err).toContain('unbound v2 is live')
    await repository.remove()
  })

  it('is gone on with when its server dies', async () => {
    const held = { ...server.deploy, running: new Set([]), isImageNeeded: () => new Promise<boolean>(() => {}) }
    const upload = { revision: 'r', scheduleFrom: null, clear: [] }
    const received: ArchiveReceived = {
      project: 'orphan',
      upload,
      ...(await bodyOf({ 'main.dig': DAILY })),
      pushedBy: 'ana',
    }
    void receiveArchive(held, received)
    await until(async () => (await sql`select from deploys where state = 'checking' and branch is null`).length > 0)
    const holder = { ...server.deploy.holder, isGone: () => true }
    await Promise.all(await resumeDeploys({ ...server.deploy, holder }))
    expect(await api.json('/projects/orphan')).toMatchObject({ revision: 'r' })
  })

  it('does not keep a push of git from deploying while it is on its way', async () => {
    const held = { ...server.deploy, running: new Set([]), isImageNeeded: () => new Promise<boolean>(() => {}) }
    const upload = { revision: 'r', scheduleFrom: null, clear: [] }
    void receiveArchive(held, {
      project: 'meanwhile',
      upload,
      ...(await bodyOf({ 'main.dig': DAILY })),
      pushedBy: 'ana',
    })
    const isChecking = () => sql`
      select from deploys join projects on projects.id = project_id where projects.name = 'meanwhile' and state = 'checking'`
    await until(async () => (await isChecking()).length > 0)
    const repository = await makeRepository({ 'main.dig': DAILY })
    expect((await repository.git('push', server.url('meanwhile'), 'main')).err).toContain('meanwhile v1 is live')
    await repository.remove()
  })
})

describe('the memory of uploads', () => {
  const pushWith = async (changes: Partial<typeof server.deploy>, project: string, read: () => Promise<Buffer>) => {
    const upload = { revision: 'r', scheduleFrom: null, clear: [] }
    const { bytes } = await bodyOf({ 'main.dig': DAILY })
    return receiveArchive({ ...server.deploy, ...changes }, { project, upload, bytes, read, pushedBy: 'ana' })
  }

  it('is taken before a body is read, and let go of before its deploy waits', async () => {
    const held: string[] = []
    const memoryOf = (name: string): Memory => {
      const take = async () => {
        held.push(`take ${name}`)
        return () => void held.push(`free ${name}`)
      }
      return { take, takeWithin: take }
    }
    const isImageNeeded = async () => {
      held.push('image')
      return false
    }
    const read = async () => {
      held.push('read')
      return tarGzOf({ 'main.dig': DAILY })
    }
    await pushWith({ uploads: memoryOf('upload'), checks: memoryOf('check'), isImageNeeded }, 'memory', read)
    expect(held).toEqual(['take upload', 'read', 'free upload', 'take check', 'free check', 'image'])
  })

  it('that is all taken refuses for now, without reading anything', async () => {
    const none: Memory = { take: () => new Promise(() => {}), takeWithin: async () => undefined }
    const read = () => Promise.reject(new Error('it was read'))
    await expect(pushWith({ uploads: none }, 'full', read)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is let go of by an upload that breaks off', async () => {
    const uploads = openMemory(1)
    const read = () => Promise.reject(new Error('gone'))
    await expect(pushWith({ uploads }, 'broken-off', read)).rejects.toThrow('gone')
    expect(await uploads.takeWithin(1, 1)).toBeTypeOf('function')
  })
})

describe('an archive that cannot be a project', () => {
  const stored = async () => {
    const [row] = await sql`
      select (select count(*) from projects) as projects, (select count(*) from sources) as sources,
        (select count(*) from deliveries) as deliveries, (select count(*) from deploys) as deploys`
    return row
  }

  it.each<[string, string, Record<string, string | undefined>, string]>([
    ['no project', 'revision=r', {}, 'project= is required'],
    ['an empty project', 'project=&revision=r', {}, 'project= is required'],
    ['no revision', 'project=bad', {}, 'revision= is required'],
    ['a blank revision', 'project=bad&revision=%20', {}, 'Validating revision failed\nname must not be blank: " "'],
    [
      'a long revision',
      `project=bad&revision=${'r'.repeat(256)}`,
      {},
      `Validating revision failed\nname must not be longer than 255 characters: "${'r'.repeat(256)}"`,
    ],
    [
      'a schedule from long ago',
      'project=bad&revision=r&schedule_from=1970-01-01T00:00:00Z',
      {},
      'schedule_from= is more than a year ago: 1970-01-01T00:00:00Z',
    ],
    ...[
      ...['noon', '2030-01-15', '2030-01-15T10:20:30', '2030-13-15T10:20:30Z'],
      ...['2030-02-31T00:00:00Z', '0000-01-01T00:00:00Z'],
    ].map((time): [string, string, Record<string, string>, string] => [
      `a schedule from ${time}`,
      `project=bad&revision=r&schedule_from=${time}`,
      {},
      "Invalid schedule_from= parameter format. Expected yyyy-MM-dd'T'HH:mm:ss'Z' format",
    ]),
    [
      'another type',
      'project=bad&revision=r',
      { 'content-type': 'application/x-gzip' },
      'RESTEASY003065: Cannot consume content type',
    ],
    ['no type', 'project=bad&revision=r', { 'content-type': undefined }, 'RESTEASY003065: Cannot consume content type'],
    [
      'no length',
      'project=bad&revision=r',
      { 'content-length': undefined },
      "Content-Length header doesn't match with uploaded data size",
    ],
    [
      'another length',
      'project=bad&revision=r',
      { 'content-length': '7' },
      "Content-Length header doesn't match with uploaded data size",
    ],
    [
      'a body that is packed once more',
      'project=bad&revision=r',
      { 'content-encoding': 'gzip' },
      "Content-Length header doesn't match with uploaded data size",
    ],
    [
      'a length beyond the limit',
      'project=bad&revision=r',
      { 'content-length': String(maxArchiveBytes + 1) },
      `Size of the uploaded archive file exceeds limit (${maxArchiveBytes} bytes)`,
    ],
  ])('for %s is refused, and nothing is written', async (_, query, headers, message) => {
    const before = await stored()
    const { status, body, hint } = await push(query, await tarGzOf({ 'main.dig': DAILY }), headers)
    expect([status, body]).toEqual([400, { status: 400, message }])
    expect(hint).not.toBe('')
    expect(await stored()).toEqual(before)
  })

  it.each<[string, Parameters<typeof archiveOf>[0]]>([
    ['a path that leads out', [{ name: '../x' }]],
    ['an absolute path', [{ name: '/x' }]],
    ['a link that leads out', [{ name: 'x', type: 'symlink', linkname: '/etc/passwd' }]],
    ['a hard link', [{ name: 'x', type: 'link', linkname: 'main.dig' }]],
    ['a device', [{ name: 'x', type: 'character-device' }]],
    ['more than the limit', [{ name: 'x', content: Buffer.alloc(maxArchiveBytes) }]],
  ])('for %s is refused, and nothing is written', async (_, entries) => {
    const before = await stored()
    const tarGz = await archiveOf([{ name: 'main.dig', content: DAILY }, ...entries])
    expect((await push('project=bad&revision=r', tarGz)).status).toBe(400)
    expect(await stored()).toEqual(before)
  })

  it('has a body that is larger than it says', async () => {
    const body = Buffer.alloc(maxArchiveBytes + 1)
    expect(await push('project=bad&revision=r', body, { 'content-length': '9' })).toMatchObject({
      status: 400,
      body: { message: "Content-Length header doesn't match with uploaded data size" },
    })
  })

  it('has a project whose name is none', async () => {
    const { status, body, hint } = await pushFiles('project=Große%20Sache&revision=r', { 'main.dig': DAILY })
    expect([status, hint]).toEqual([400, 'Try gro-e-sache'])
    expect(body.message).toMatch(/^"Große Sache" cannot be the name of a project: /)
  })

  it('has the name of a revision that is there: its bytes are not stored', async () => {
    await pushFiles('project=named&revision=r', { 'main.dig': DAILY })
    const before = await stored()
    expect((await pushFiles('project=named&revision=r', { 'main.dig': DAILY, other: '' })).status).toBe(409)
    expect(await stored()).toEqual(before)
  })

  it('is forgotten with the deploy that declines it, unless something needs the same bytes', async () => {
    const sources = async () => (await sql`select digest from sources`).length
    const before = await sources()
    await pushFiles('project=forgotten&revision=r', { 'main.dig': '+a:\n  shh>: echo\n' })
    expect(await sources()).toBe(before)
    const files = { 'main.dig': DAILY, 'needed.txt': '' }
    await pushFiles('project=forgotten&revision=r', files)
    expect((await pushFiles('project=forgotten&revision=s&clear_schedule=gone', files)).status).toBe(400)
    expect(await sources()).toBe(before + 1)
    expect((await api.get('/projects/forgotten/archive?revision=r')).status).toBe(200)
  })

  it('has a broken workflow: what was live stays so, and its deploy tells why', async () => {
    await pushFiles('project=broken&revision=fine', { 'main.dig': DAILY })
    const { status } = await pushFiles('project=broken&revision=bad', { 'main.dig': '+a:\n  echo>: 1\n  sh>: two\n' })
    expect(status).toBe(400)
    expect(await api.json('/projects/broken')).toMatchObject({ revision: 'fine' })
    const [deploy] = await api.list('/deploys?project=broken')
    expect(deploy).toMatchObject({ state: 'declined', problem: expect.stringContaining('main.dig:3:') })
    expect(await api.list('/deliveries?project=broken')).toMatchObject([{ state: 'declined' }, { state: 'deployed' }])
    const [{ logId } = { logId: '0' as LogId }] = await sql<{ logId: LogId }[]>`
      select log_id as "logId" from deploys where state = 'declined' order by id desc limit 1`
    const log = (await listLogChunks(sql, logId, 0)).map(({ bytes }) => Buffer.from(bytes).toString()).join('')
    expect(log).toContain('1 problem found, so nothing was deployed')
  })
})

describe('schedules of an archive', () => {
  it('begin when their sender says, in any offset', async () => {
    for (const [project, from] of [
      ['from-utc', '2030-01-15T10:20:30Z'],
      ['from-offset', '2030-01-15T19:20:30%2B09:00'],
    ]) {
      await pushFiles(`project=${project}&revision=r&schedule_from=${from}`, { 'main.dig': DAILY })
      expect(await schedulesOf(project ?? '')).toMatchObject([
        { nextRunTime: '2030-01-15T22:00:00Z', nextScheduleTime: '2030-01-16T00:00:00+09:00' },
      ])
    }
  })

  it('go on after the session they had started last, unless they are to forget it', async () => {
    const files = { 'main.dig': DAILY, 'other.dig': DAILY }
    const startFirst = () =>
      sql`update schedules set last_session_time = '2026-01-01T15:00:00Z', next_session_time = '2026-01-02T15:00:00Z'`
    await pushFiles('project=past&revision=1', files)
    await startFirst()
    const nextOf = async (query: string) => {
      const { status, body } = await pushFiles(`project=past&${query}`, files)
      const rows = (await schedulesOf('past')) as { nextScheduleTime: string }[]
      return status === 200 ? rows.map(({ nextScheduleTime }) => nextScheduleTime.slice(0, 10)) : body
    }
    expect(await nextOf('revision=2&clear_schedule=none')).toEqual({ status: 400, message: 'none does not exist' })
    expect(await nextOf('revision=3')).toEqual(['2026-01-03', '2026-01-03'])
    expect(await nextOf('revision=4&clear_schedule=main')).toEqual(['2026-03-29', '2026-01-03'])
    await startFirst()
    expect(await nextOf('revision=5&clear_schedule=main&clear_schedule=other')).toEqual(['2026-03-29', '2026-03-29'])
    await startFirst()
    expect(await nextOf('revision=6&clear_schedule_all=true')).toEqual(['2026-03-29', '2026-03-29'])
  })
})
