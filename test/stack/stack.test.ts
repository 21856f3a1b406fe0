import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { SETTINGS } from '../../src/config.ts'
import { PASSWORD } from '../support/app.ts'
import { removeImages } from '../support/server.ts'
import { makeCheckout, noStack, openStack, PATIENCE, SECRETS } from '../support/stack.ts'

if (noStack !== undefined) console.log(`The stack is not tested here: ${noStack}.`)

describe.skipIf(noStack !== undefined)('compose.yaml', { timeout: 120_000 }, () => {
  it.each(Object.keys(SECRETS))('does not start without %s', async (name) => {
    const { compose, remove } = await makeCheckout({ ...SECRETS, [name]: '' })
    const { code, err } = await compose('sluicetest', 'config', '--quiet')
    expect(code).not.toBe(0)
    expect(err).toContain(`${name} is missing in .env`)
    await remove()
  })

  const published = async (settings: Record<string, string>, ...files: string[]) => {
    const { compose, remove } = await makeCheckout({ ...SECRETS, ...settings })
    const { out } = await compose('sluicetest', ...files.flatMap((file) => ['-f', file]), 'config')
    await remove()
    const services = out.split(/^ {2}(?=\w[\w-]*:$)/m).filter((text) => text.includes('\n    ports:'))
    return services.map((text) => text.split(':')[0]).sort()
  }

  it('publishes no port but those of HAProxy', async () => {
    expect(await published({})).toEqual(['haproxy'])
  })

  it('publishes the stores where an address for them is given', async () => {
    const given = { PRIVATE_ADDRESS: '10.0.0.1' }
    expect(await published(given, 'compose.remote.yaml')).toEqual(['haproxy', 'postgres', 'redis', 'registry'])
  })

  it('has no setting in .env.example that nothing reads', async () => {
    const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name)
    const files = ['compose.yaml', 'compose.remote.yaml', 'compose.debian.yaml']
    const read = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    const own = Object.values(SETTINGS).map(({ name }) => name)
    const known = new Set([...read.flatMap((text) => names(text, /\$\{([A-Z_\d]+)/g)), ...own])
    const example = names(await readFile('.env.example', 'utf8'), /^#?([A-Z_\d]+)=/gm)
    expect(example.filter((name) => name === undefined || !known.has(name))).toEqual([])
  })
})

/** Long enough for two workers to be killed meanwhile; its second task counts how often the first was started. */
const SLOW = `timezone: UTC
+count:
  sh>: echo started >> starts.txt; for i in $(seq 30); do echo line $i; sleep 1; done
+once:
  sh>: test "$(wc -l < starts.txt)" = 1
`

/** It would go on for ever, and may not be started twice. */
const STAY = "timezone: UTC\n+stay:\n  sh>: 'echo begun; sleep 3600'\n"
/** So would this one, but for its second start. */
const AGAIN = `timezone: UTC
+stay:
  _retry: 1
  sh>: 'echo begun >> starts.txt; test "$(wc -l < starts.txt)" = 2 || sleep 3600'
`
const ORPHAN_MS = 20_000
/** Its look every 2 s, the TERM that it gives tasks 5 s for, and a machine that is busy. */
const GRACE_MS = 25_000

/** A question to a part that is just starting may never be answered. */
const soon = () => ({ signal: AbortSignal.timeout(10_000) })

const isLong = process.env.SLUICE_TEST_LONG === 'yes'

/** Starts worst first: who is needed by all comes last. The first time its images are built, from the archive and from npm. */
describe.runIf(isLong && noStack === undefined)('the stack [needs --long]', { timeout: 600_000 }, () => {
  let stack: Awaited<ReturnType<typeof openStack>>
  const name = `stack-${Date.now().toString(36)}`
  const own = `sluice-of-${name}`
  type Worker = { readonly name: string; readonly state: string; readonly startedAt: string }
  const start = async (workflow: string) => {
    const { workflows } = await stack.api<{ workflows: { id: string; name: string }[] }>(
      `/api/workflows?project=${name}`,
    )
    const workflowId = workflows.find((one) => one.name === workflow)?.id
    const body = { workflowId, sessionTime: '2026-01-01T00:00:00Z', params: {} }
    const { id } = await stack.api<{ id: string }>('/api/attempts', body)
    return id
  }
  const endOf = (id: string) =>
    vi.waitFor(async () => {
      const { done, success } = await stack.api<{ done: boolean; success: boolean }>(`/api/attempts/${id}`)
      if (!done) throw new Error(`attempt ${id} goes on`)
      return { done, success }
    }, PATIENCE)
  type Task = { readonly fullName: string; readonly state: string }
  const stateOf = async (id: string, task = '+slow+count') => {
    const { tasks } = await stack.api<{ tasks: Task[] }>(`/api/attempts/${id}/tasks`)
    return tasks.find(({ fullName }) => fullName === task)?.state
  }
  const isReady = () =>
    vi.waitFor(async () => expect((await fetch(`${stack.url}/readyz`, soon())).status).toBe(200), PATIENCE)
  const isRunning = (id: string, task: string) =>
    vi.waitFor(async () => expect(await stateOf(id, task)).toBe('running'), PATIENCE)
  const workersOf = async () => (await stack.api<{ workers: Worker[] }>('/api/workers')).workers

  beforeAll(async () => {
    const images = { WEB_IMAGE: `${own}-web`, WORKER_IMAGE: `${own}-worker`, STAND_IN_IMAGE: `${own}-stand-in` }
    stack = await openStack({ settings: images })
    await stack.compose('build')
  }, 900_000)

  afterAll(async () => {
    await stack?.stop()
    await removeImages(name)
  }, 120_000)

  it('says in the log of a part what is wrong in .env', async () => {
    const wrong = { SLUICE_URL: 'example.com', SLUICE_ORPHAN: '20', SLUICE_SLOT: '3', SLUICE_PROXY_HOOK_RTE: '5' }
    await stack.set({ ...wrong, SLUICE_PROXY_HOOK_RATE: 'many', SLUICE_ADMIN_PASSWORD: 'short' })
    await stack.compose('up', '--detach', '--no-deps', 'web1', 'worker1', 'haproxy')
    for (const part of ['web1', 'worker1']) {
      await stack.says(part, 'SLUICE_URL is “example.com”, which is no address that begins with http:// or https://.')
      await stack.says(part, 'SLUICE_ORPHAN is “20”, which is not a length of time such as 30s, 5m, 2h or 1d.')
      await stack.says(part, 'SLUICE_SLOT is set, and no setting has this name.')
      await stack.says(part, 'SLUICE_PROXY_HOOK_RTE is set, and no setting has this name.')
    }
    await stack.says('web1', 'SLUICE_ADMIN_PASSWORD is set to something, which is not of 8 to 1024 characters.')
    await stack.says('haproxy', 'SLUICE_PROXY_HOOK_RATE is “many”, which is not a whole number above 0.')
    await stack.compose('down', '--volumes', '--timeout', '1')
    await stack.set({})
  })

  it('waits in every part for the database, and says so', async () => {
    await stack.compose('up', '--detach', 'haproxy')
    await vi.waitFor(async () => {
      const answer = await fetch(`${stack.url}/`, soon())
      expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('No web of Sluice answers.')])
    }, PATIENCE)
    await stack.compose('up', '--detach', 'web1', 'web2', 'worker1', 'worker2')
    for (const part of ['web1', 'web2', 'worker1', 'worker2']) await stack.says(part, 'Waiting for PostgreSQL')
    await stack.compose('up', '--detach')
    await isReady()
  })

  it('looks at itself from within', async () => {
    const web = await stack.compose('exec', '-T', 'web1', 'sluice', 'doctor')
    expect(web).toMatch(/^WARN {2}engine: .*Workers elsewhere have one, and a web needs none\.$/m)
    for (const line of [
      /^(ok {2}|WARN) {2}git: \d/m,
      /^ok {4}database: PostgreSQL/m,
      /^ok {4}redis: /m,
      /^ok {4}clock: /m,
    ])
      expect(web).toMatch(line)
    const worker = await stack.compose('exec', '-T', 'worker1', 'sluice', 'doctor')
    for (const line of [/^ok {4}engine: Docker/m, /^(ok {2}|WARN) {2}runc: /m, /^ok {4}redis: /m])
      expect(worker).toMatch(line)
  })

  it('is closed but for HAProxy, restarts by itself, and gives the webs neither root nor the engine', async () => {
    for (const part of ['web1', 'worker1', 'postgres', 'redis', 'registry']) {
      const { HostConfig } = await stack.inspect(part)
      expect([part, HostConfig.PortBindings ?? {}]).toEqual([part, {}])
      expect(HostConfig).toMatchObject({ RestartPolicy: { Name: 'unless-stopped' }, Memory: expect.any(Number) })
      expect(HostConfig.Memory).toBeGreaterThan(0)
    }
    const web = await stack.inspect('web1')
    expect(web.Config.User).toBe('sluice')
    const mounts = ['/run/no-access-log', '/run/no-extra-ca.pem', '/var/lib/sluice']
    expect(web.Mounts.map(({ Destination }) => Destination).sort()).toEqual(mounts)
  })

  it('takes a push through HAProxy, runs it, and shows it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-pushed-'))
    await cp('templates/hello', folder, { recursive: true })
    const git = (...words: string[]) =>
      promisify(execFile)('git', ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', ...words], { cwd: folder })
    await writeFile(join(folder, 'slow.dig'), SLOW)
    await writeFile(join(folder, 'stay.dig'), STAY)
    await writeFile(join(folder, 'again.dig'), AGAIN)
    await git('init', '--quiet', '--initial-branch=main')
    await git('add', '--all')
    await git('commit', '--quiet', '--message=First')
    const address = Object.assign(new URL(`${stack.url}/git/${name}.git`), { username: 'admin', password: PASSWORD })
    const { stderr } = await git('push', address.href, 'main')
    expect(stderr).toContain(`${name} v1 is live: ${stack.url}/projects/${name}`)
    await rm(folder, { recursive: true, force: true })

    expect(await endOf(await start('hello'))).toEqual({ done: true, success: true })
    const page = await stack.ask(`/projects/${name}`)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(name)])
  })

  it('has two workers whose names stay theirs when both are killed, and a task that lives on', async () => {
    const names = [`${stack.project}/1`, `${stack.project}/2`]
    const before = await workersOf()
    expect(before.map((worker) => worker.name).sort()).toEqual(names)
    const id = await start('slow')
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('running'), PATIENCE)
    await stack.compose('kill', '-s', 'SIGKILL', 'worker1', 'worker2')
    expect(await stateOf(id)).toBe('running')
    await stack.compose('up', '--detach', 'worker2', 'worker1')
    await vi.waitFor(async () => {
      const again = await workersOf()
      expect(again.map((worker) => [worker.name, worker.state]).sort()).toEqual(names.map((it) => [it, 'online']))
      for (const worker of again) expect(before.map(({ startedAt }) => startedAt)).not.toContain(worker.startedAt)
    }, PATIENCE)
    expect(await endOf(id)).toEqual({ done: true, success: true }) // it fails when it was started twice
  })

  it('says which port is taken, and starts when it is free', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo // of a server that listens
    await stack.set({ PORT_FLOWER: String(port) })
    const starting = stack.compose('up', '--detach', 'haproxy')
    await expect(starting).rejects.toThrow(new RegExp(`${port}.*(already allocated|already in use)`))
    other.close()
    await stack.compose('up', '--detach', 'haproxy')
    await isReady()
    await stack.set({})
  })

  it('leaves no task running for longer than SLUICE_ORPHAN when it is taken down, and tells the truth when it is up again', async () => {
    await stack.set({ SLUICE_ORPHAN: `${ORPHAN_MS / 1000}s` })
    await stack.compose('up', '--detach')
    await isReady()
    const [stays, again] = [await start('stay'), await start('again')]
    await isRunning(stays, '+stay+stay')
    await isRunning(again, '+again+stay')
    await vi.waitFor(async () => expect(await stack.listTasks()).toHaveLength(2), PATIENCE)
    const downAt = performance.now()
    await stack.compose('down')
    const downMs = performance.now() - downAt
    await vi.waitFor(async () => expect(await stack.listTasks()).toEqual([]), PATIENCE)
    const tookMs = performance.now() - downAt
    console.log(
      `no task runs ${Math.round(tookMs / 1000)} s after docker compose down, itself ${Math.round(downMs / 1000)} s`,
    )
    expect(tookMs - downMs).toBeLessThan(ORPHAN_MS + GRACE_MS)

    await stack.compose('up', '--detach')
    await isReady()
    await vi.waitFor(async () => expect(await stateOf(stays, '+stay+stay')).toBe('unknown'), PATIENCE)
    expect(await endOf(again)).toEqual({ done: true, success: true })
  })

  it('is taken away by scripts/reset --stack, with the images of its projects', async () => {
    const images = async () =>
      (await new Docker().listImages())
        .flatMap(({ RepoTags }) => RepoTags ?? [])
        .filter((tag) => tag.startsWith(`sluice/${name}:`) || tag.startsWith(own))
    expect((await images()).map((tag) => tag.split(':')[0]).sort()).toEqual([
      ...['stand-in', 'web', 'worker'].map((part) => `${own}-${part}`),
      `sluice/${name}`,
    ])
    const { stdout } = await promisify(execFile)('scripts/reset', ['--stack', '--yes'], { cwd: stack.folder })
    expect(stdout).toMatch(/Removed\.\n$/)
    expect(await images()).toEqual([])
    expect(await stack.compose('ps', '-q')).toBe('')
    expect(existsSync(stack.home)).toBe(false)
  })
})
