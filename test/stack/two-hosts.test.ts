import { execFile } from 'node:child_process'
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { PASSWORD } from '../support/app.ts'
import { makeAddress, noOwnEngine, type OwnEngine, startEngine } from '../support/engine.ts'
import { CREDENTIALS } from '../support/registry.ts'
import { removeContainers, removeImages } from '../support/server.ts'
import { openSmeeRelay } from '../support/smee-relay.ts'
import { makeCheckout, noStack, openStack, PATIENCE, SECRETS } from '../support/stack.ts'
import { makeStoreCertificates } from '../support/store-certificates.ts'
import { makeTinyImage, type TinyImage } from '../support/tiny-image.ts'

const why = noStack ?? noOwnEngine
if (why !== undefined) console.log(`The stack of two hosts is not tested here: ${why}.`)
const isLong = process.env.SLUICE_TEST_LONG === 'yes'

type Stack = Awaited<ReturnType<typeof openStack>>
type Place = ReturnType<typeof makeAddress>

/** Where engines look for whom to trust. */
async function trustRegistry(registry: string, certificates: string) {
  const folder = join('/etc/docker/certs.d', registry)
  await mkdir(folder, { recursive: true })
  await cp(join(certificates, 'server.crt'), join(folder, 'ca.crt'))
  return { forget: () => rm(folder, { recursive: true, force: true }) }
}

describe.runIf(isLong && why === undefined)('a stack of two hosts [needs --long]', { timeout: 600_000 }, () => {
  const name = `far-${Date.now().toString(36)}`
  let [tiny, place, engine] = [] as unknown as [TinyImage, Place, OwnEngine]
  let [certificates, farHome] = ['', '']
  let [trust, relay] = [] as unknown as [
    Awaited<ReturnType<typeof trustRegistry>>,
    Awaited<ReturnType<typeof openSmeeRelay>>,
  ]
  let stack: Stack
  let far: Awaited<ReturnType<typeof makeCheckout>>

  beforeAll(async () => {
    tiny = await makeTinyImage()
    place = makeAddress()
    certificates = await makeStoreCertificates(place.address)
    trust = await trustRegistry(`${place.address}:5000`, certificates)
    relay = await openSmeeRelay(0, place.address)
    const shared = {
      ...{ SLUICE_BASE_IMAGE: tiny.name, SLUICE_EXTRA_CA: join(certificates, 'server.crt') },
      ...{ SLUICE_LOCAL_REMOTES: '1', SLUICE_SMEE_URL: relay.channel },
      SLUICE_REGISTRY: `${CREDENTIALS.user}:${encodeURIComponent(CREDENTIALS.password)}@${place.address}:5000`,
    }
    const stores = {
      ...{ PRIVATE_ADDRESS: place.address, STORE_CERTIFICATES: certificates, REDIS_PUBLISHED: '6380' },
    }
    stack = await openStack({ files: ['compose.remote.yaml'], settings: { ...shared, ...stores } })
    await stack.compose('build')
    await stack.compose('--profile', 'smee', 'up', '--detach')

    engine = await startEngine()
    await engine.load('sluice-test-worker')
    farHome = await mkdtemp(join(tmpdir(), 'sluice-far-home-'))
    await chmod(farHome, 0o755)
    far = await makeCheckout({
      ...{ ...SECRETS, ...shared, WORKER_IMAGE: 'sluice-test-worker', WORKER_HOST: 'far', SLUICE_HOME: farHome },
      ...{ DOCKER_SOCKET: engine.host.slice('unix://'.length), SLUICE_QUEUES: 'far' },
      DATABASE_URL: `postgres://sluice:${SECRETS.POSTGRES_PASSWORD}@${place.address}:5432/sluice?sslmode=require`,
      REDIS_URL: `rediss://:${SECRETS.REDIS_PASSWORD}@${place.address}:6380`,
    })
    await vi.waitFor(async () => expect((await fetch(`${stack.url}/readyz`)).status).toBe(200), PATIENCE)
  }, 900_000)

  const onFar = (...words: string[]) => far.composeOn(engine.host, 'far', ...words)

  afterAll(async () => {
    if (far !== undefined) await onFar('--profile', 'remote-worker', 'down', '--timeout', '5')
    await engine?.stop()
    await far?.remove()
    await stack?.stop()
    await relay?.close()
    await trust?.forget()
    await removeContainers(farHome)
    for (const folder of [certificates, farHome].filter((one) => one !== ''))
      await rm(folder, { recursive: true, force: true })
    for (const project of [name, `${name}-linked`]) await removeImages(project)
    place?.remove()
    await tiny?.remove()
  }, 180_000)

  async function push() {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-pushed-'))
    const git = (...words: string[]) =>
      promisify(execFile)('git', ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', ...words], { cwd: folder })
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM ${tiny.name}\nRUN echo ${randomBytes(8).toString('hex')} > /made\n`,
    )
    await writeFile(join(folder, 'far.dig'), '+there:\n  _queue: far\n  sh>: cat /made\n')
    await git('init', '--quiet', '--initial-branch=main')
    await git('add', '--all')
    await git('commit', '--quiet', '--message=First')
    const address = Object.assign(new URL(`${stack.url}/git/${name}.git`), { username: 'admin', password: PASSWORD })
    const { stderr } = await git('push', address.href, 'main')
    const { stdout } = await git('rev-parse', 'HEAD')
    await rm(folder, { recursive: true, force: true })
    return { said: stderr, commit: stdout.trim() }
  }

  let commit: string

  it('builds on the one, and runs on the other what names its queue, with the image of the registry', async () => {
    const pushed = await push()
    commit = pushed.commit
    expect(pushed.said).toContain(`Pushing ${place.address}:5000/sluice/${name}:`)
    expect(pushed.said).toMatch(/Pushed sha256:[0-9a-f]{64}/)

    const started = await onFar('up', '--detach', '--no-build', 'remote-worker')
    expect([started.code, started.code === 0 ? '' : started.err]).toEqual([0, ''])
    await vi.waitFor(async () => {
      const { workers } = await stack.api<{ workers: { name: string; state: string }[] }>('/api/workers')
      const said = (await onFar('--profile', 'remote-worker', 'logs', 'remote-worker')).out.slice(-2000)
      expect(workers.find((worker) => worker.name === 'far/1')?.state, said).toBe('online')
    }, PATIENCE)
    const { workflows } = await stack.api<{ workflows: { id: string; name: string }[] }>(
      `/api/workflows?project=${name}`,
    )
    const body = { workflowId: workflows[0]?.id, sessionTime: '2026-01-01T00:00:00Z', params: {} }
    const { id } = await stack.api<{ id: string }>('/api/attempts', body)
    await vi.waitFor(async () => {
      const attempt = await stack.api<{ done: boolean; success: boolean }>(`/api/attempts/${id}`)
      expect(attempt).toMatchObject({ done: true, success: true })
    }, PATIENCE)
    const there = await engine.docker.listImages({ filters: { reference: [`sluice/${name}`] } })
    expect(there).toHaveLength(1)
  })

  it('takes what a relay of webhooks brings', async () => {
    const copy = 'cp -r "$(ls -d /var/lib/sluice/repositories/[0-9]*.git)" /var/lib/sluice/forge.git'
    await stack.compose('exec', '-T', 'web1', 'sh', '-c', copy)
    const remote = 'file:///var/lib/sluice/forge.git'
    const linked = `${name}-linked`
    const { newSecret } = await stack.api<{ newSecret: string }>(`/api/projects/${linked}/link`, { url: remote })
    await vi.waitFor(() => expect(relay.listeners.size).toBe(1), PATIENCE)
    const text = JSON.stringify({
      ...{ ref: 'refs/heads/main', before: '0'.repeat(40), after: commit },
      ...{ repository: { full_name: 'ana/far', clone_url: remote }, pusher: { name: 'ana' } },
    })
    await fetch(`${relay.channel}?project=${linked}`, {
      method: 'POST',
      body: text,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${createHmac('sha256', newSecret).update(text).digest('hex')}`,
      },
    })
    await vi.waitFor(async () => {
      const { deploys } = await stack.api<{ deploys: { state: string; commit: string }[] }>(
        `/api/deploys?project=${linked}`,
      )
      expect(deploys).toMatchObject([{ state: 'live', commit }])
    }, PATIENCE)
  })
})
