import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'

/** We are deaf while `git push` runs, and would not hear that the server has closed a connection kept from before. */
const ALONE = { connection: 'close' }

export type Backend = 'postgres' | 'redis'

/** One installation of Sluice in a folder of its own, started as people start it. */
export class Installation {
  readonly home: string
  readonly url: string
  readonly #port: number
  readonly #env: NodeJS.ProcessEnv
  readonly #redis: ChildProcess | undefined
  #server: ChildProcess | undefined

  private constructor(home: string, port: number, redis: { process: ChildProcess; url: string } | undefined) {
    this.home = home
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
    this.#redis = redis?.process
    this.#env = { ...process.env, SLUICE_HOME: home, SLUICE_URL: this.url, SLUICE_EXECUTOR: 'docker' }
    delete this.#env.DATABASE_URL
    delete this.#env.REDIS_URL
    if (redis !== undefined) this.#env.REDIS_URL = redis.url
  }

  static async make(backend: Backend): Promise<Installation> {
    const home = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
    await chmod(home, 0o755) // as root PostgreSQL and tasks run as users of their own
    return new Installation(home, await freePort(), backend === 'redis' ? await startRedis(home) : undefined)
  }

  /** From the command to the first page that it serves. */
  async start(): Promise<number> {
    const from = performance.now()
    this.#server = spawn('scripts/up', ['--no-install', '--port', String(this.#port)], {
      env: this.#env,
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true,
    })
    while (!(await this.#isServing())) {
      if (this.#server.exitCode !== null) throw new Error(`scripts/up ended with ${this.#server.exitCode}`)
      await sleep(5)
    }
    return performance.now() - from
  }

  /** Beside the server, on the same stores: for `SIGKILL`. */
  async startWeb(): Promise<ChildProcess> {
    const port = await freePort()
    const env = { ...this.#env, DATABASE_URL: await this.#databaseUrl() }
    const web = spawn('node', ['dist/cli.js', 'web', '--port', String(port)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/readyz`, { headers: ALONE }).then(
        ({ ok }) => ok,
        () => false,
      )
    while (!(await isReady())) {
      if (web.exitCode !== null) throw new Error(`sluice web ended with ${web.exitCode}`)
      await sleep(20)
    }
    return web
  }

  /** True also when tasks can run, which comes a moment later than the first page. */
  async ready(): Promise<void> {
    while (!(await fetch(`${this.url}/readyz`, { headers: ALONE })).ok) await sleep(20)
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const server = this.#server
    if (server?.pid === undefined || server.exitCode !== null) return
    const ended = once(server, 'exit')
    process.kill(server.pid, signal) // scripts/up has become the server
    await ended
  }

  async remove(): Promise<void> {
    await this.stop('SIGTERM')
    this.#redis?.kill('SIGKILL')
    await rm(this.home, { recursive: true, force: true })
  }

  sluice(...words: readonly string[]): void {
    run('node', ['dist/cli.js', ...words], process.cwd(), this.#env)
  }

  async openDatabase() {
    return postgres(await this.#databaseUrl(), { max: 3 })
  }

  async #databaseUrl(): Promise<string> {
    const folder = join(this.home, 'postgres')
    const password = await readFile(join(folder, 'password'), 'utf8')
    const port = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[3]?.trim()
    return `postgres://sluice:${password}@127.0.0.1:${port}/sluice`
  }

  async token(): Promise<string> {
    return (await readFile(join(this.home, 'token'), 'utf8')).trim()
  }

  async openApi() {
    const headers = { ...ALONE, authorization: `Bearer ${await this.token()}`, 'content-type': 'application/json' }
    return async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
      const request = { method, headers, ...(body && { body: JSON.stringify(body) }) }
      const response = await fetch(`${this.url}/api/${path}`, request)
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as Answer
    }
  }

  async #isServing(): Promise<boolean> {
    const response = await fetch(`${this.url}/`, { headers: ALONE }).catch(() => undefined)
    return response?.ok === true && (await response.text()).includes('</html>')
  }
}

/** Throws with its output when it fails. */
export function run(command: string, words: readonly string[], cwd: string, env = process.env): string {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${status}\n${stdout}${stderr}`)
  return stdout
}

async function startRedis(folder: string) {
  const port = await freePort()
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const redis = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const text of redis.stdout) if (String(text).includes('Ready to accept connections')) break
  return { process: redis, url: `redis://127.0.0.1:${port}` }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
