import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { access, chmod, chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../refusal.ts'
import { findOwner, findPrograms, type Owner, USE_YOUR_OWN } from './embedded-programs.ts'
import { openDatabase } from './sql.ts'

export type EmbeddedPostgres = {
  readonly url: string
  /** It ran already: the server that started it was killed. */
  readonly wasAdopted: boolean
  stop(): Promise<void>
}

const READY_WITHIN_MS = 60_000
const STOPPED_WITHIN_MS = 30_000
const USER = 'sluice'
const DATABASE = 'sluice'

/**
 * A real PostgreSQL that lives in `folder` and listens on loopback alone, on a port of its own choice.
 * `extra`: settings (`fsync=off`) beyond ours.
 * It is not a child to die with us: Ctrl-C must not reach it before the server has closed, and after a kill -9 the next start finds it running and goes on with it.
 */
export async function openEmbeddedPostgres(folder: string, extra: readonly string[] = []): Promise<EmbeddedPostgres> {
  const owner = await findOwner()
  await mkdir(folder, { recursive: true })
  if (owner !== null) await chmod(folder, 0o755)
  const password = await readOrMakePassword(join(folder, 'password'))
  const data = join(folder, 'data')
  const running = await findRunning(data, password)
  const { pid, port } = running ?? (await start(folder, { owner, password, extra }))
  await createDatabaseIfMissing(urlOf(port, password, 'postgres'))
  return {
    url: urlOf(port, password, DATABASE),
    wasAdopted: running !== null,
    stop: () => stop(data, pid),
  }
}

const urlOf = (port: number, password: string, database: string) =>
  `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`

async function readOrMakePassword(path: string): Promise<string> {
  await writeFile(path, randomBytes(24).toString('hex'), { flag: 'wx', mode: 0o600 }).catch(ignore('EEXIST'))
  return readFile(path, 'utf8')
}

// Found ---------------------------------------------------------------------------------------------------------------

type Postmaster = { readonly pid: number; readonly port: number; readonly status: string }

/** What PostgreSQL writes of itself: its pid in the first line of the file, the port in the fourth, its state in the eighth. */
async function readPostmaster(data: string): Promise<Postmaster | null> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(ignore('ENOENT'))
  if (text === undefined) return null
  const lines = text.split('\n').map((line) => line.trim())
  return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7] ?? '' }
}

/** The one that runs on these files, once it is ready; null when none does. A file left behind by one that died is removed, as its pid may be anybody's by now. */
async function findRunning(data: string, password: string): Promise<Postmaster | null> {
  const giveUpAt = performance.now() + READY_WITHIN_MS
  for (;;) {
    const found = await readPostmaster(data)
    if (found === null) return null
    const isOver = performance.now() > giveUpAt || !isAlive(found.pid)
    if (isOver || (found.status === 'ready' && !(await answers(found.port, password)))) {
      await rm(join(data, 'postmaster.pid'), { force: true })
      return null
    }
    if (found.status === 'ready') return found
    await sleep(25) // starting up or shutting down
  }
}

async function answers(port: number, password: string): Promise<boolean> {
  const sql = openDatabase(urlOf(port, password, 'postgres'), { max: 1 })
  const isAnswered = await sql`select 1`.then(
    () => true,
    () => false,
  )
  await sql.end()
  return isAnswered
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

// Started -------------------------------------------------------------------------------------------------------------

type Start = { readonly owner: Owner; readonly password: string; readonly extra: readonly string[] }

async function start(folder: string, { owner, password, extra }: Start): Promise<Postmaster> {
  const programs = await findPrograms(folder, owner)
  const data = join(folder, 'data')
  await refuseOtherMajor(data, programs.major)
  if (!(await exists(join(data, 'PG_VERSION')))) await initialise(folder, programs.folder, owner, password)
  const log = join(folder, 'log')
  const output = await open(log, 'w')
  const child = spawn(join(programs.folder, 'postgres'), ['-D', data, ...settings(await findFreePort(), extra)], {
    ...owner,
    cwd: folder,
    env: ENVIRONMENT,
    detached: true, // a process group of its own, out of reach of the terminal's Ctrl-C
    stdio: ['ignore', output.fd, output.fd],
  })
  let failure: string | undefined
  void failureOf(child).then((why) => {
    failure = why
  })
  child.unref()
  await output.close()
  return waitUntilReady(data, log, () => failure)
}

/** None of ours: it holds secrets, and PG* variables would reach the programs. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

const settings = (port: number, extra: readonly string[]) =>
  [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=', // their path has a length limit that a home may exceed
    'max_connections=200',
    'timezone=UTC',
    'log_min_messages=warning',
    'jit=off', // it costs more than it saves on small statements
    'max_parallel_workers_per_gather=0', // /dev/shm in a container is too small for them
    ...extra,
  ].flatMap((one) => ['-c', one])

/** In a folder of its own until it is whole: a start that died half-way leaves nothing that looks like a database. */
async function initialise(folder: string, programs: string, owner: Owner, password: string) {
  const [fresh, passwordFile] = [join(folder, 'data.new'), join(folder, 'password.new')]
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (owner !== null) await Promise.all([fresh, passwordFile].map((path) => chown(path, owner.uid, owner.gid)))
  const words = ['-D', fresh, '-U', USER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8']
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] // the same order of texts on every host
  const failure = await runToEnd(join(programs, 'initdb'), [...words, ...locale], { ...owner, cwd: folder })
  await rm(passwordFile, { force: true })
  if (failure !== null) await refuse(failure, null)
  await rename(fresh, join(folder, 'data'))
}

/** Null, or why it failed in its own last words. Out of reach of Ctrl-C, too: it takes no second, and half a database is none. */
function runToEnd(command: string, words: readonly string[], options: SpawnOptions): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(command, words, {
      ...options,
      env: ENVIRONMENT,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr?.on('data', (part) => {
      said += part
    })
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code) => resolve(code === 0 ? null : lastLines(said)))
  })
}

const lastLines = (text: string) => text.trim().split('\n').slice(-3).join('\n')

async function refuseOtherMajor(data: string, major: string) {
  const made = (await readFile(join(data, 'PG_VERSION'), 'utf8').catch(ignore('ENOENT')))?.trim()
  if (made === undefined || made === major) return
  const why = `The database in ${data} was made by PostgreSQL ${made}, and this version of Sluice brings PostgreSQL ${major}.`
  const next = `Start the version of Sluice that made it and dump it with pg_dump, or move the folder away to start empty.`
  throw new Refusal('conflict', why, `${next} ${USE_YOUR_OWN}`)
}

/** Resolves with the reason when the process could not be started or ended; never otherwise. */
function failureOf(child: ChildProcess): Promise<string> {
  const ended = once(child, 'exit').then(([code, signal]) => `it ended with ${signal ?? code}`)
  return ended.catch((error: Error) => error.message)
}

async function waitUntilReady(data: string, log: string, failure: () => string | undefined): Promise<Postmaster> {
  const giveUpAt = performance.now() + READY_WITHIN_MS
  for (;;) {
    const found = await readPostmaster(data)
    if (found?.status === 'ready') return found
    const why = performance.now() > giveUpAt ? `it was not ready within ${READY_WITHIN_MS / 1000} s` : failure()
    if (why !== undefined) return refuse(why, log)
    await sleep(10)
  }
}

async function refuse(why: string, log: string | null): Promise<never> {
  const last = log === null ? '' : lastLines(await readFile(log, 'utf8'))
  const message = ['The embedded PostgreSQL did not start: ', why, '.', last && `\n${last}`].join('')
  const next = log === null ? 'Correct what it says.' : `Its log is ${log}.`
  throw new Refusal('unavailable', message, `${next} ${USE_YOUR_OWN}`)
}

async function createDatabaseIfMissing(url: string) {
  const sql = openDatabase(url, { max: 1 })
  const [known] = await sql`select 1 from pg_database where datname = ${DATABASE}`
  if (known === undefined) await sql`create database ${sql(DATABASE)}`
  await sql.end()
}

// Stopped -------------------------------------------------------------------------------------------------------------

/** INT is PostgreSQL's fast shutdown: it disconnects everybody and writes all out. */
async function stop(data: string, pid: number) {
  const isThere = async () => isAlive(pid) && (await readPostmaster(data))?.pid === pid
  const hurryAt = performance.now() + STOPPED_WITHIN_MS
  if (await isThere()) process.kill(pid, 'SIGINT')
  while (await isThere()) {
    if (performance.now() > hurryAt) process.kill(pid, 'SIGQUIT')
    await sleep(10)
  }
  // Its file goes a moment before itself. Not for ever: in a container nobody may reap an adopted one, and it stays a zombie.
  for (let turn = 0; turn < 100 && isAlive(pid); turn += 1) await sleep(10)
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

function ignore(...codes: readonly string[]) {
  return (error: NodeJS.ErrnoException): undefined => {
    if (error.code === undefined || !codes.includes(error.code)) throw error
  }
}
