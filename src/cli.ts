#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Client, openClient } from './cli/client.ts'
import { main } from './cli/main.ts'
import { openTerminal } from './cli/terminal.ts'
import type { LocalRun, Run, Tools } from './cli/tools.ts'
import { type Config, readConfig } from './config.ts'
import { openHome } from './home.ts'
import { VERSION } from './version.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** A checkout has one home, from whichever folder its command is called. */
const env = { ...process.env, SLUICE_HOME: process.env.SLUICE_HOME || join(ROOT, '.sluice') }

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Where the server of this home listens, which it has written down itself. */
function findLocalUrl(config: Config): string {
  const text = readIfThere(join(config.home, 'server.json'))
  const { url } = text === undefined ? { url: undefined } : (JSON.parse(text) as { url?: string }) // written by our own server
  return (
    url ??
    `http://${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${config.listen.port}`
  )
}

const isLoopback = (url: string) => ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)

/** The home's token opens this host's own server, and is never shown to another. */
function openOurClient(config: Config): Client {
  const url = config.url ?? findLocalUrl(config)
  const file = join(config.home, 'token')
  if (config.token !== null) return openClient({ url, token: config.token, tokenFrom: 'SLUICE_TOKEN' }, fetch)
  if (!isLoopback(url)) return openClient({ url, token: undefined, tokenFrom: 'SLUICE_TOKEN is not set' }, fetch)
  return openClient({ url, token: readIfThere(file), tokenFrom: file }, fetch)
}

const run: Run = (argv, { cwd, isShown }) =>
  new Promise((resolve, reject) => {
    const [command = '', ...words] = argv
    const child = spawn(command, words, { cwd, stdio: isShown ? 'inherit' : ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }))
  })

async function readInput(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`
const SELF = [
  `SLUICE_HOME=${quote(env.SLUICE_HOME)}`,
  quote(process.execPath),
  quote(fileURLToPath(import.meta.url)),
].join(' ')

/** Other users must be able to enter the place where tasks run, hence the home's shared folder; each command has its own. */
async function runLocal(run: LocalRun) {
  const config = readConfig(env)
  const { shared } = await openHome(config.home)
  const home = join(shared, 'run', String(process.pid))
  const limits = { memoryBytes: config.taskMemoryBytes, cpus: config.taskCpus, pids: config.taskPids }
  const stopping = new AbortController()
  process.once('SIGINT', () => stopping.abort()) // a second one ends us at once
  try {
    const place = { home, env: {}, extraCa: config.extraCa, limits, now: () => new Date() }
    const { runHere } = await import('./local.ts')
    return await runHere(place, run, stopping.signal)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** Of an embedded database too, whether its server runs or not. */
async function resetHere(): Promise<string> {
  const [{ resetAdmin }, { openEmbeddedPostgres }, { openDatabase }, { migrate }] = await Promise.all([
    import('./app/reset-admin.ts'),
    import('./db/embedded.ts'),
    import('./db/sql.ts'),
    import('./db/migrate.ts'),
  ])
  const config = readConfig(env)
  const { shared } = await openHome(config.home)
  const embedded = config.databaseUrl === null ? await openEmbeddedPostgres(join(shared, 'postgres')) : undefined
  const sql = openDatabase(config.databaseUrl ?? embedded?.url ?? '', { max: 2 })
  try {
    await migrate(sql)
    return (await resetAdmin({ sql }, {}, new Date())).password
  } finally {
    await sql.end()
    if (embedded?.wasAdopted === false) await embedded.stop() // otherwise it is a running server's
  }
}

// Loaded when asked for: git asks for a token with every push, and should not wait for a server's modules.
const serve = async (port: number | undefined) => process.exit(await (await import('./server.ts')).runServer(env, port))
const serveWeb = async (port: number | undefined) => process.exit(await (await import('./web.ts')).runWeb(env, port))

async function work({ queues, slots }: { queues?: string; slots?: string }) {
  const given = {
    ...(queues === undefined ? {} : { SLUICE_QUEUES: queues }),
    ...(slots === undefined ? {} : { SLUICE_SLOTS: slots }),
  }
  return process.exit(await (await import('./worker.ts')).runWorker({ ...env, ...given }))
}

/** A file or a program gets every byte; a terminal would obey some of them. */
const writerTo = (stream: NodeJS.WriteStream) => {
  const write = (bytes: Uint8Array) => void stream.write(bytes)
  return stream.isTTY ? openTerminal(write) : write
}
const toOutput = writerTo(process.stdout)
const toErrors = writerTo(process.stderr)

let opened: Client | undefined
const tools: Tools = {
  get client() {
    opened ??= openOurClient(readConfig(env))
    return opened
  },
  say: (line) => toOutput(Buffer.from(`${line}\n`)),
  note: (line) => toErrors(Buffer.from(`${line}\n`)),
  write: toOutput,
  readInput,
  run,
  wait: sleep,
  now: () => new Date(),
  host: {
    cwd: process.cwd(),
    home: env.SLUICE_HOME,
    version: VERSION,
    templates: join(ROOT, 'templates'),
    self: SELF,
    language: {
      operators: async () => new Set((await import('./operators/all.ts')).OPERATORS.keys()),
      openExpressions: async () => (await import('./expression/sandbox.ts')).openExpressions(),
      environment: async () => ({
        baseImage: readConfig(env).baseImage,
        templates: await (await import('./docker/templates.ts')).readTemplates(),
      }),
    },
    serve,
    serveWeb,
    work,
    runLocally: runLocal,
    examine: async () => (await import('./examine.ts')).examine(env),
    resetAdmin: resetHere,
  },
}

// `sluice log 12 | head`: whoever reads us may stop.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
process.exitCode = await main(process.argv.slice(2), tools)
