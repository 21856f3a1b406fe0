import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Docker from 'dockerode'
import { vi } from 'vitest'
import { PASSWORD } from './app.ts'
import { removeContainers } from './server.ts'
import { freePort } from './stores.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Compose as it is here: the classic one, or the plugin of the docker command. SLUICE_TEST_COMPOSE names another one. */
const COMPOSES = process.env.SLUICE_TEST_COMPOSE?.split(' ')
const COMPOSE = (COMPOSES ? [COMPOSES] : [['docker-compose'], ['docker', 'compose']]).find(
  ([command = '', ...words]) => spawnSync(command, [...words, 'version']).status === 0,
)
const hasEngine = spawnSync('docker', ['version']).status === 0

/** Why no stack can run here; undefined: it can. */
export const noStack =
  COMPOSE === undefined ? 'docker-compose is not installed' : hasEngine ? undefined : 'Docker does not answer'

/** Those of the host, which is trusted to reach npm. */
const CERTIFICATES = [process.env.NODE_EXTRA_CA_CERTS, '/etc/ssl/certs/ca-certificates.crt'].find(
  (path) => path !== undefined && existsSync(path),
)

type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** Words of `docker compose` in `folder`; nothing of the caller's settings reaches it. */
async function compose(folder: string, words: readonly string[], more: Record<string, string> = {}): Promise<Ran> {
  const [command = '', ...first] = COMPOSE ?? []
  const files = ['-f', 'compose.yaml', '-f', 'compose.debian.yaml']
  const env = { PATH: process.env.PATH ?? '', HOME: folder, COMPOSE_HTTP_TIMEOUT: '300', DOCKER_BUILDKIT: '0', ...more }
  const options = { cwd: folder, env, maxBuffer: 2 ** 26 }
  return promisify(execFile)(command, [...first, ...files, ...words], options).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      out: stdout,
      err: stderr,
    }),
  )
}

/** A copy of what a clone has, with settings of its own. */
export async function makeCheckout(settings: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-stack-'))
  await chmod(folder, 0o755) // HAProxy reads its folder as a user of its own
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const { stdout } = await promisify(execFile)('git', listing, { cwd: ROOT, maxBuffer: 2 ** 24 })
  const parts =
    /^(compose|Dockerfile|\.dockerignore|package|\.npmrc|tsconfig|src\/|templates\/|haproxy\/|scripts\/(reset|lib))/
  for (const file of stdout.split('\0').filter((name) => parts.test(name) && existsSync(join(ROOT, name)))) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await cp(join(ROOT, file), join(folder, file))
  }
  if (CERTIFICATES !== undefined) await copyFile(CERTIFICATES, join(folder, 'extra-ca.pem'))
  const set = (given: Readonly<Record<string, string>>) => {
    const lines = Object.entries(given).map(([name, value]) => `${name}=${value}\n`)
    return writeFile(join(folder, '.env'), lines.join(''))
  }
  await set(settings)
  return {
    folder,
    /** Writes another .env. */
    set,
    compose: (project: string, ...words: string[]) => compose(folder, ['-p', project, ...words]),
    /** On another engine than the machine's. */
    composeOn: (host: string, project: string, ...words: string[]) =>
      compose(folder, ['-p', project, ...words], { DOCKER_HOST: host }),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

export const SECRETS = {
  SLUICE_SECRET_KEY: 'ab'.repeat(32),
  SLUICE_ADMIN_PASSWORD: PASSWORD,
  POSTGRES_PASSWORD: 'of-postgresql',
  REDIS_PASSWORD: 'of-redis',
}

/** The whole stack of compose.yaml, built from Debian's packages, with a name, a home and ports of its own. Nothing of it runs yet. `more` files and settings go beside them. */
export async function openStack(more: { files?: readonly string[]; settings?: Readonly<Record<string, string>> } = {}) {
  const project = `sluicetest${randomBytes(4).toString('hex')}`
  const home = await mkdtemp(join(tmpdir(), 'sluice-stack-home-'))
  await chmod(home, 0o755)
  const doors = ['DASHBOARD', 'SITES', 'HOOKS', 'FLOWER', 'TLS', 'STATS', 'DIGDAG', 'DIGDAG_TOO']
  const ports = Object.fromEntries(await Promise.all(doors.map(async (door) => [`PORT_${door}`, await freePort()])))
  const url = `http://127.0.0.1:${ports.PORT_DASHBOARD}`
  const images = { WEB_IMAGE: 'sluice-test-web', WORKER_IMAGE: 'sluice-test-worker' }
  const settings = {
    ...{ ...SECRETS, ...ports, ...images },
    ...{ SLUICE_HOME: home, SLUICE_URL: url, PUBLISH: '127.0.0.1', WORKER_HOST: project },
    ...more.settings,
  }
  const checkout = await makeCheckout(settings)
  const files = (more.files ?? []).flatMap((file) => ['-f', file])
  const run = async (...words: string[]) => {
    const ran = await checkout.compose(project, ...files, ...words)
    if (ran.code !== 0)
      throw new Error(`compose ${words.join(' ')}: ${ran.code}\n${ran.out.slice(-4000)}\n${ran.err.slice(-4000)}`)
    return ran.out
  }
  const docker = async (...words: string[]) => (await promisify(execFile)('docker', words)).stdout
  const containerOf = async (part: string) => {
    const labels = { project, service: part }
    const filters = Object.entries(labels).flatMap(([key, value]) => ['-f', `label=com.docker.compose.${key}=${value}`])
    return (await docker('ps', '--all', '--quiet', ...filters)).trim()
  }
  const authorization = `Basic ${btoa(`admin:${PASSWORD}`)}`
  const ask = (path: string, body?: object) =>
    fetch(`${url}${path}`, {
      headers: { authorization, 'content-type': 'application/json' },
      ...(body && { method: 'PUT', body: JSON.stringify(body) }),
    })
  return {
    project,
    home,
    url,
    hooks: `http://127.0.0.1:${ports.PORT_HOOKS}`,
    folder: checkout.folder,
    compose: run,
    /** In the container of a part, as its user. */
    exec: async (part: string, ...words: string[]) => docker('exec', await containerOf(part), ...words),
    /** Command lines of all that runs in the container of a part. */
    processes: async (part: string) => docker('top', await containerOf(part)),
    /** Settings beside or instead of those of its .env; what is up takes them with its next `up`. */
    set: (changes: Readonly<Record<string, string>>) => checkout.set({ ...settings, ...changes }),
    ask,
    /** With a body it is put there. */
    api: async <Answer>(path: string, body?: object) => {
      const answer = await ask(path, body)
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as Answer // our own server's
    },
    says: (part: string, words: string) =>
      vi.waitFor(async () => {
        const said = await run('logs', part)
        if (!said.includes(words)) throw new Error(`${part} has not said “${words}”:\n${said.slice(-2000)}`)
      }, PATIENCE),
    inspect: async (part: string) => JSON.parse(await docker('inspect', await containerOf(part)))[0] as Inspected, // the engine's own words
    /** Containers in which its workers run tasks. */
    listTasks: () => listTasks(home),
    /** Ends it and takes away all that it made, but for the images it was built to. */
    stop: async () => {
      await run('down', '--volumes', '--timeout', '1')
      await removeContainers(home)
      await rm(home, { recursive: true, force: true })
      await checkout.remove()
    },
  }
}

async function listTasks(home: string): Promise<readonly string[]> {
  const running = await new Docker().listContainers({ filters: { label: ['sluice.attempt'] } })
  return running.filter(({ Mounts }) => Mounts.some(({ Source }) => Source?.startsWith(home))).map(({ Id }) => Id)
}

export type Stack = Awaited<ReturnType<typeof openStack>>

type Inspected = {
  readonly RestartCount: number
  readonly State: { readonly Running: boolean; readonly StartedAt: string }
  readonly Config: { readonly User: string }
  readonly HostConfig: {
    readonly PortBindings: Readonly<Record<string, unknown>> | null
    readonly RestartPolicy: { readonly Name: string }
    readonly Memory: number
  }
  readonly Mounts: readonly { readonly Destination: string }[]
}

/** A stack's first start on a machine that is busy. */
export const PATIENCE = { timeout: 180_000, interval: 300 }
