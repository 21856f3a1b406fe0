import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Docker from 'dockerode'
import { inject } from 'vitest'
import { openDatabase } from '../../src/db/sql.ts'
import { PASSWORD } from './app.ts'
import { freePort } from './stores.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Far more than it takes: the machine may be busy with other things. */
const READY_WITHIN_MS = 60_000

type Ran = { readonly code: number | null; readonly out: string; readonly err: string; readonly all: string }

export type TestServer = {
  readonly url: string
  readonly home: string
  /** What it has said since its last start. */
  output(): string
  token(): Promise<string>
  /** The compiled CLI, as somebody in `cwd` would call it. */
  sluice(cwd: string, ...words: string[]): Promise<Ran>
  git(cwd: string, ...words: string[]): Promise<Ran>
  /** git in a process group of its own, to be interrupted. */
  startGit(cwd: string, ...words: string[]): Started
  api<Answer>(path: string): Promise<Answer>
  /** Nothing of it is left but what it started. */
  kill9(): Promise<void>
  /** Sends a signal and does not wait for what comes of it. */
  signal(name: NodeJS.Signals): void
  /** Tells it, and nothing that it started, to stop. Gives the milliseconds that it took. */
  terminate(): Promise<number>
  /** After `kill9` or `terminate`, with other settings if it must be. Gives the milliseconds until it was ready. */
  restart(more?: Readonly<Record<string, string>>): Promise<number>
  /** One more worker of the same home, with settings of its own. */
  startWorker(more: Readonly<Record<string, string>>): Promise<BesideWorker>
  /** Ends it and takes away all that it made. */
  stop(): Promise<void>
}

type BesideWorker = {
  output(): string
  /** Sends a signal and does not wait for what comes of it. */
  signal(name: NodeJS.Signals): void
  stop(): Promise<void>
}

type Options = {
  /** `own` is a fresh database on the PostgreSQL of the test run. */
  readonly database?: 'own' | 'embedded'
  readonly env?: Readonly<Record<string, string>>
  /** What is done to its home before it starts. */
  readonly prepare?: (home: string) => void
}

/** The compiled server as a process, with a home and a port of its own. */
export async function startServer({ database = 'own', env: given = {}, prepare }: Options = {}): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-story-'))
  await chmod(home, 0o711) // as root PostgreSQL and tasks run as users of their own
  prepare?.(home)
  const store = database === 'own' ? await makeDatabase() : undefined
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    ...plainEnv(home),
    SLUICE_LISTEN: `127.0.0.1:${port}`,
    SLUICE_ADMIN_PASSWORD: PASSWORD,
    SLUICE_LOG: 'text',
    ...(store && { DATABASE_URL: store.url }),
    ...given,
  }
  let running = await launch(env)
  const token = async () => (await readFile(join(home, 'token'), 'utf8')).trim()
  return {
    url,
    home,
    output: () => running.said(),
    token,
    sluice: (cwd, ...words) =>
      run(cwd, process.execPath, [join(ROOT, 'dist/cli.js'), ...words], { ...plainEnv(home), SLUICE_URL: url }).ended,
    git: (cwd, ...words) => run(cwd, 'git', words, plainEnv(home)).ended,
    startGit: (cwd, ...words) => run(cwd, 'git', words, plainEnv(home)),
    api: async <Answer>(path: string) => {
      const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${await token()}` } })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as Answer // our own server's
    },
    kill9: () => end(running.child, 'SIGKILL'),
    signal: (name) => void running.child.kill(name),
    terminate: async () => {
      const toldAt = performance.now()
      await end(running.child, 'SIGTERM')
      return performance.now() - toldAt
    },
    restart: async (more) => {
      running = await launch({ ...env, ...more })
      return running.tookMs
    },
    startWorker: async (more) => {
      const worker = await launch({ ...env, ...more }, WORKER)
      return {
        output: () => worker.said(),
        signal: (name) => void worker.child.kill(name),
        stop: () => end(worker.child, 'SIGTERM'),
      }
    },
    stop: async () => {
      await end(running.child, 'SIGTERM')
      await removeContainers(home)
      await store?.drop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Nothing of the person who runs the tests: no settings of git, no credentials. */
const plainEnv = (home: string): Record<string, string> => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: home,
  SLUICE_HOME: home,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'false',
  GIT_AUTHOR_NAME: 'Ana',
  GIT_AUTHOR_EMAIL: 'ana@example.com',
  GIT_COMMITTER_NAME: 'Ana',
  GIT_COMMITTER_EMAIL: 'ana@example.com',
})

const SERVER = { file: 'dist/server.js', ready: 'Sluice is ready' }
const WORKER = { file: 'dist/worker.js', ready: 'A worker of' }

async function launch(env: Record<string, string>, { file, ready } = SERVER) {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [join(ROOT, file)], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const giveUp = setTimeout(() => reject(new Error(`${file} was not ready:\n${said}`)), READY_WITHIN_MS)
    const hear = (chunk: Buffer) => {
      said += chunk
      if (!said.includes(ready)) return
      clearTimeout(giveUp)
      resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}:\n${said}`)))
  })
  return { child, said: () => said, tookMs: Math.round(performance.now() - startedAt) }
}

async function end(child: ChildProcess, signal: NodeJS.Signals) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

type Started = { readonly ended: Promise<Ran>; seen(): string; interrupt(): void }

function run(cwd: string, command: string, words: readonly string[], env: Record<string, string>): Started {
  const child = spawn(command, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let [out, err, all] = ['', '', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
    all += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
    all += chunk
  })
  const ended = new Promise<Ran>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve({ code, out, err, all: all.replaceAll(/[ \t]+$/gm, '') })),
  )
  // The whole group, as a terminal's Ctrl-C does.
  return { ended, seen: () => all, interrupt: () => void process.kill(-(child.pid ?? 0), 'SIGINT') }
}

/** A fresh database on the PostgreSQL of the test run. */
export async function makeDatabase() {
  const name = `story_${randomBytes(6).toString('hex')}`
  const admin = openDatabase(inject('databaseUrl'), { max: 1 })
  await admin`create database ${admin(name)}`
  return {
    url: Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}` }).href,
    drop: async () => {
      await admin`drop database ${admin(name)} with (force)`
      await admin.end()
    },
  }
}

const docker = new Docker()

/** Those that have something of this home mounted. */
async function listContainers(home: string) {
  const all = await docker.listContainers({ all: true })
  return all.filter(({ Mounts }) => Mounts.some(({ Source }) => Source?.startsWith(home)))
}

export async function removeContainers(home: string) {
  for (const { Id } of await listContainers(home))
    await docker.getContainer(Id).remove({ force: true }).catch(ignoreGone)
}

export async function removeImages(project: string) {
  const images = await docker.listImages({ filters: { reference: [`sluice/${project}`] } })
  for (const tag of images.flatMap(({ RepoTags }) => RepoTags ?? [])) {
    if (tag.startsWith(`sluice/${project}:`)) await docker.getImage(tag).remove({ noprune: true }).catch(ignoreGone)
  }
}

function ignoreGone(error: unknown) {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (status !== 404 && status !== 409) throw error
}
