import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as ask, type IncomingMessage } from 'node:http'
import { request as askTls } from 'node:https'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../support/app.ts'
import { makeCertificate, startProxy, type TestProxy } from '../support/haproxy.ts'
import { makeDatabase, startServer, type TestServer } from '../support/server.ts'
import { freePort } from '../support/stores.ts'
import { eventually, makeProject, must, type Project, STORY_MS } from '../support/story.ts'
import { startWeb, type TestWeb } from '../support/web.ts'

/** Longer than the proxy waits for the headers of a request, or than git keeps quiet. */
const SILENT_SECONDS = 12
const slowBuild = (seconds: number) => `FROM sluice/base
RUN echo ${randomBytes(8).toString('hex')} && sleep ${seconds}
`
const isLong = process.env.SLUICE_TEST_LONG === 'yes'

let folder: string
let database: Awaited<ReturnType<typeof makeDatabase>>
let server: TestServer
let webs: TestWeb[] = []
let proxy: TestProxy
let line: Awaited<ReturnType<typeof openSlowLine>>
let cookie: string
const projects: Project[] = []

const openWeb = (listen: Record<string, string> = {}) =>
  startWeb(server.home, {
    DATABASE_URL: database.url,
    SLUICE_TRUSTED_PROXIES: '127.0.0.1',
    SLUICE_WEB_DRAIN: '120s',
    ...listen,
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-story-proxy-'))
  await writeFile(join(folder, 'sluice.pem'), makeCertificate())
  database = await makeDatabase()
  server = await startServer({ env: { DATABASE_URL: database.url } }) // its worker works for the webs
  webs = await Promise.all([openWeb(), openWeb()])
  const settings = { SLUICE_PROXY_CERTS: folder, SLUICE_PROXY_SIGN_IN_RATE: '40' }
  proxy = await startProxy(
    webs.map(({ address }) => address),
    settings,
  )
  await eventually(async () => (await fetch(`${proxy.url()}/readyz`)).ok)
  line = await openSlowLine(proxy.port('8080'))
  cookie = await signIn()
}, STORY_MS)
afterAll(async () => {
  await line?.close()
  await proxy?.stop()
  for (const web of webs) await web.stop('SIGKILL')
  await server?.stop()
  for (const project of projects) await project.remove()
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
}, STORY_MS)

/** Pushes to the webs by way of `port`, the proxy or what stands before it. */
async function makeFar(port: number, files: Record<string, string> = {}) {
  const project = await makeProject(server, { 'a.dig': '+a:\n  echo>: hello\n', ...files })
  projects.push(project)
  const url = `http://any:${await server.token()}@127.0.0.1:${port}/git/${project.name}.git`
  must(await project.git('remote', 'set-url', 'sluice', url))
  return project
}

async function startSilentPush(seconds: number) {
  const project = await makeFar(proxy.port('8080'), { Dockerfile: slowBuild(seconds) })
  const push = project.startPush()
  await eventually(async () => push.seen().includes('Building image'))
  return { project, push }
}

async function signIn(): Promise<string> {
  const { headers } = await post('/sign-in', `name=admin&password=${encodeURIComponent(PASSWORD)}`)
  return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

/** As a browser at `localAddress` posts a form. */
async function post(path: string, body: string, { localAddress = '127.0.0.1', isSecure = false } = {}) {
  const port = proxy.port(isSecure ? '8443' : '8080')
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
    origin: `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`,
  }
  const options = { host: '127.0.0.1', port, path, method: 'POST', headers, localAddress, rejectUnauthorized: false }
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = (isSecure ? askTls : ask)(options, (response) => resolve(response.resume()))
    request.on('error', reject).end(body)
  })
}

/** Forwards to `port`; while it is armed, what a client sends stands still in the middle for a while, once. */
async function openSlowLine(port: number) {
  const state = { isArmed: false }
  const own = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    let bytes = 0
    far.pipe(near)
    near.on('data', async (chunk) => {
      bytes += chunk.length
      far.write(chunk)
      if (!state.isArmed || bytes < 300_000) return
      state.isArmed = false
      near.pause()
      await sleep(SILENT_SECONDS * 1000)
      near.resume()
    })
    near.on('end', () => far.end())
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  const at = await freePort()
  await new Promise<void>((resolve) => own.listen(at, '127.0.0.1', resolve))
  return { port: at, state, close: () => new Promise((resolve) => own.close(resolve)) }
}

/** A page's stream through the proxy. */
async function openStream(path: string) {
  const leaving = new AbortController()
  const response = await fetch(`${proxy.url()}${path}`, {
    headers: { cookie, accept: 'text/event-stream' },
    signal: leaving.signal,
  })
  let said = ''
  let isOpen = true
  const read = async () => {
    for await (const chunk of response.body ?? []) said += Buffer.from(chunk).toString()
  }
  const ended = read()
    .catch(() => {})
    .finally(() => {
      isOpen = false
    })
  return { status: response.status, said: () => said, isOpen: () => isOpen, ended, leave: () => leaving.abort() }
}

/** Asks for a page over and over; gives what was not a 200. */
function keepAsking() {
  let isWanted = true
  const odd: (number | string)[] = []
  let asked = 0
  const loop = async () => {
    while (isWanted) {
      asked += 1
      await fetch(`${proxy.url()}/`, { headers: { cookie } }).then(
        async (answer) => {
          await answer.text()
          if (answer.status !== 200) odd.push(answer.status)
        },
        (error) => odd.push(`${error.message}: ${error.cause?.message}`),
      )
      await sleep(10) // what else runs here needs the processor, too
    }
  }
  const ended = Promise.all([loop(), loop()])
  return {
    count: () => asked,
    stop: async () => {
      isWanted = false
      await ended
      return odd
    },
  }
}

describe('webs behind HAProxy', () => {
  it('know who signs in, and count wrong passwords by that', async () => {
    const tries = async (localAddress: string, count: number) => {
      const statuses = []
      for (let n = 0; n < count; n += 1)
        statuses.push((await post('/sign-in', 'name=admin&password=wrong', { localAddress })).statusCode)
      return statuses
    }
    expect(await tries('127.0.0.2', 6)).toEqual([401, 401, 401, 401, 401, 429])
    expect(await tries('127.0.0.3', 1)).toEqual([401])
  })

  it('give a cookie that stays with TLS where TLS ends at the proxy, and take the form that TLS brought', async () => {
    const answer = await post('/sign-in', `name=admin&password=${encodeURIComponent(PASSWORD)}`, { isSecure: true })
    expect(answer.statusCode).toBe(303)
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-sluice=.*; HttpOnly; Secure; SameSite=Lax$/)
  })

  it(
    'take pushes through reloads, over a line that stands still and through a silent build, while pages follow',
    async () => {
      const big = await makeFar(line.port)
      await writeFile(join(big.folder, 'noise'), randomBytes(2_000_000))
      await big.commit({})
      const page = await openStream('/events/overview')
      const asking = keepAsking()
      line.state.isArmed = true
      const startedAt = performance.now()
      const pushes = [big.startPush()]
      const silent = await startSilentPush(SILENT_SECONDS)
      pushes.push(silent.push)
      let isPushing = true
      void silent.push.ended.then(() => (isPushing = false))

      const [deploy] = await silent.project.deploys()
      const building = await openStream(`/events/deploys/${deploy?.id}`)
      await eventually(async () => building.said().includes('Building image'))
      expect(isPushing).toBe(true)
      for (let reloads = 0; reloads < 2; reloads += 1) {
        const [asked, said] = [asking.count(), page.said().length]
        await proxy.reload()
        await eventually(async () => asking.count() > asked + 20)
        must(await (await makeFar(proxy.port('8080'))).push())
        await eventually(async () => page.said().length > said)
      }
      expect(page.isOpen()).toBe(true)

      for (const push of pushes)
        expect(await push.ended).toMatchObject({ code: 0, all: expect.stringContaining('is live') })
      expect(performance.now() - startedAt).toBeGreaterThan(SILENT_SECONDS * 1000)
      expect(line.state.isArmed).toBe(false)
      for (const one of [big, silent.project])
        expect(await one.published()).toBe((await one.git('rev-parse', 'HEAD')).out.trim())
      expect(await asking.stop()).toEqual([])
      for (const stream of [page, building]) {
        stream.leave()
        await stream.ended
      }
    },
    STORY_MS,
  )

  it(
    'lose nothing when one is stopped: it says so first, serves on, and lets its push end',
    async () => {
      const asking = keepAsking()
      const { project, push } = await startSilentPush(8)
      const [stopped] = await holders()
      const ended = stopped.stop()
      const answer = await eventually(async () => {
        const readiness = await fetch(`${stopped.url}/readyz`)
        return readiness.status === 503 && readiness.json()
      })
      expect(answer).toMatchObject({ missing: ['time: it is being stopped'] })
      expect((await fetch(`${stopped.url}/healthz`)).status).toBe(200)
      expect((await push.ended).code).toBe(0)
      await ended
      const asked = asking.count()
      await eventually(async () => asking.count() > asked + 20)
      expect(await asking.stop()).toEqual([])
      expect(await project.deploys()).toMatchObject([{ state: 'live' }])
      const [said, place] = [proxy.output().length, webs.indexOf(stopped)]
      webs[place] = await openWeb({ SLUICE_LISTEN: stopped.address })
      await eventually(async () =>
        proxy
          .output()
          .slice(said)
          .includes(`Server webs/web${place + 1} is UP`),
      )
    },
    STORY_MS,
  )

  it(
    'lose the push of one that is killed and nothing else, and nobody tries it again',
    async () => {
      const asking = keepAsking()
      const { project, push } = await startSilentPush(3)
      const [killed] = await holders()
      await killed.stop('SIGKILL')
      const asked = asking.count()
      expect((await push.ended).code).not.toBe(0)
      await eventually(async () => asking.count() > asked + 50)
      expect(await asking.stop()).toEqual([])
      const posts = proxy.output().split(`"POST /git/${project.name}.git/git-receive-pack `)
      expect(posts).toHaveLength(2)
      expect(await project.deploys()).toHaveLength(1)
      // Another web takes it up when the lease of the killed one has lapsed.
      if (isLong) await eventually(async () => (await project.deploys())[0]?.state === 'live')
    },
    STORY_MS,
  )
})

/** The webs that have a push. */
async function holders(): Promise<[TestWeb]> {
  const have = await Promise.all(webs.map((web) => web.hasGit()))
  const [one, ...others] = webs.filter((_web, index) => have[index])
  if (one === undefined || others.length > 0) throw new Error(`${have} webs have a push`)
  return [one]
}
