import { execFile } from 'node:child_process'
import { readFile, realpath, statfs } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { type Config, readConfig } from './config.ts'
import { checkDatabase } from './db/check-database.ts'
import { openEmbeddedPostgres } from './db/embedded.ts'
import { findInstallation } from './db/installation.ts'
import { heardSince } from './db/pages/shown.ts'
import { type Database, openDatabase, readClock } from './db/sql.ts'
import { findProblemOfBuilders } from './db/workers.ts'
import { type Engine, findEngine } from './docker/engine.ts'
import { explainMetadata, probeMetadata } from './docker/metadata.ts'
import { type Disk, type Finding, type Host, judgeHost } from './doctor/judge-host.ts'
import type { Program, ProgramName } from './doctor/known-escapes.ts'
import { chooseExecutor, isLoopback } from './environment/choose-executor.ts'
import { openHome } from './home.ts'
import { isRedisThere } from './queue/redis.ts'
import { Refusal } from './refusal.ts'

/** Looks at this host as the user who asks: what he may not see, Sluice as this user could not use either. */
export async function examine(env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const config = readConfig(env)
  const { shared } = await openHome(config.home)
  const engine = await findEngine({ ...env, DOCKER_HOST: config.dockerHost ?? undefined })
  const [database, redis, programs, disks, metadata] = await Promise.all([
    lookAtDatabase(config, shared),
    lookAtRedis(config),
    listPrograms(engine),
    listDisks(config, shared, engine),
    probeMetadata(),
  ])
  return judgeHost({
    programs,
    engine: {
      ...seenEngine(engine),
      choice: choiceOf(config, engine, database.wasEngineSeen),
      isElsewhere: database.isEngineElsewhere,
    },
    stores: [database.store, ...redis],
    disks,
    clockAheadMs: database.clockAheadMs,
    firewall: explainMetadata(metadata) ?? null,
  })
}

function seenEngine(engine: Engine | Refusal) {
  if (engine instanceof Refusal) return { isThere: false, text: engine.message, hint: engine.hint } as const
  return { isThere: true, text: `Docker ${engine.version} answers (API ${engine.apiVersion})` } as const
}

function choiceOf({ executor, environment, listen }: Config, engine: Engine | Refusal, wasEngineSeen: boolean) {
  const isOnLoopback = isLoopback(listen.host)
  const isEngineThere = !(engine instanceof Refusal)
  return chooseExecutor({ setting: executor, environment, isOnLoopback, wasEngineSeen, isEngineThere }).kind
}

// Stores --------------------------------------------------------------------------------------------------------------

type SeenDatabase = {
  readonly store: Host['stores'][number]
  readonly clockAheadMs: number | null
  readonly wasEngineSeen: boolean
  readonly isEngineElsewhere: boolean
}

/** An embedded one is started for the look when it does not run, and stopped again. */
async function lookAtDatabase({ databaseUrl }: Config, shared: string): Promise<SeenDatabase> {
  const embedded = databaseUrl === null ? await openEmbeddedPostgres(join(shared, 'postgres')) : undefined
  const url = databaseUrl ?? embedded?.url ?? ''
  const sql = openDatabase(url, { max: 1 })
  try {
    return await askDatabase(sql, url, embedded === undefined ? 'PostgreSQL' : 'embedded PostgreSQL')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const store = { name: 'database', isThere: false, text: error.message, hint: error.hint } as const
    return { store, clockAheadMs: null, wasEngineSeen: false, isEngineElsewhere: false }
  } finally {
    await sql.end({ timeout: 1 })
    if (embedded?.wasAdopted === false) await embedded.stop()
  }
}

async function askDatabase(sql: Database, url: string, kind: string): Promise<SeenDatabase> {
  const major = await checkDatabase(sql, url)
  const installation = await findInstallation(sql)
  const { aheadMs } = await readClock(sql)
  const text = `${kind} ${major} answers${installation === undefined ? '; no server of Sluice has used it yet' : ''}`
  return {
    store: { name: 'database', isThere: true, text },
    clockAheadMs: aheadMs,
    wasEngineSeen: (installation?.engineSeenAt ?? null) !== null,
    isEngineElsewhere:
      installation !== undefined && (await findProblemOfBuilders(sql, heardSince(databaseNow(aheadMs)))) !== undefined,
  }
}

const databaseNow = (aheadMs: number) => new Date(Date.now() - aheadMs)

async function lookAtRedis({ redisUrl }: Config): Promise<Host['stores']> {
  if (redisUrl === null) return []
  if (await isRedisThere(redisUrl)) return [{ name: 'redis', isThere: true, text: 'Redis answers' }]
  const text = `Redis at ${new URL(redisUrl).host} does not answer.`
  return [{ name: 'redis', isThere: false, text, hint: 'Check REDIS_URL, and that Redis runs there.' }]
}

// Disks ---------------------------------------------------------------------------------------------------------------

async function listDisks(config: Config, shared: string, engine: Engine | Refusal): Promise<readonly Disk[]> {
  const root =
    engine instanceof Refusal ? undefined : await engine.docker.info().then(({ DockerRootDir }) => DockerRootDir)
  const folders = [
    ['work of tasks, sources', shared],
    ['images and containers', root],
    ['logs of tasks', config.taskLogDir],
    ['access log', config.accessLogDir],
  ] as const
  const disks = await Promise.all(
    folders.map(([holds, path]) => (path ? seeDisk(holds, path, config.minFreeBytes) : null)),
  )
  return disks.filter((disk) => disk !== null)
}

/** Null: it cannot be seen from here, such as the engine's folder from inside a container. */
async function seeDisk(holds: string, path: string, minFreeBytes: number): Promise<Disk | null> {
  const seen = await statfs(path).catch(() => null)
  if (seen === null) return null
  return { holds, path, freeBytes: seen.bavail * seen.bsize, totalBytes: seen.blocks * seen.bsize, minFreeBytes }
}

// Programs ------------------------------------------------------------------------------------------------------------

async function listPrograms(engine: Engine | Refusal): Promise<readonly Program[]> {
  const git = programOf('git', 'git', await said('git', '--version'))
  const haproxy = programOf('haproxy', 'haproxy', await said('haproxy', '-v'))
  return (await Promise.all([...(await enginePrograms(engine)), git, haproxy])).filter((one) => one !== null)
}

async function enginePrograms(engine: Engine | Refusal): Promise<readonly Promise<Program | null>[]> {
  if (engine instanceof Refusal) return []
  const answer: { Components?: { Name: string; Version: string }[]; Platform?: { Name?: string } } =
    await engine.docker.version()
  const runc = answer.Components?.find(({ Name }) => Name === 'runc')?.Version
  const platform = answer.Platform?.Name ?? ''
  return [
    programOf('docker', 'dockerd', engine.version),
    programOf('runc', 'runc', runc),
    programOf('Docker Desktop', null, platform.startsWith('Docker Desktop') ? platform : undefined),
  ]
}

async function programOf(name: ProgramName, file: string | null, text: string | undefined): Promise<Program | null> {
  const version = /\d+\.\d+[\w.+~-]*/.exec(text ?? '')?.[0]
  if (version === undefined) return null
  return { name, version, package: file === null ? null : await findPackage(file) }
}

/** Debian's and Ubuntu's changelogs name the holes that a package fixes without being a new version. */
async function findPackage(file: string): Promise<Program['package']> {
  const path = await said('which', file)
  if (path === undefined) return null
  const owner = await said('dpkg-query', '-S', await realpath(path))
  const name = owner?.split(':')[0]
  const version = name && (await said('dpkg-query', '-W', '-f', '${Version}', name))
  if (!name || !version) return null
  const changelog = await readFile(`/usr/share/doc/${basename(name)}/changelog.Debian.gz`).then(gunzipSync, () => '')
  return { name, version, fixes: [...new Set(changelog.toString().match(/CVE-\d{4}-\d{4,}/g))] }
}

const run = promisify(execFile)

/** Its output in one line; undefined when there is no such program, or it says no. */
async function said(...[file = '', ...words]: readonly string[]): Promise<string | undefined> {
  const path = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
  return run(file, words, { env: { ...process.env, PATH: path, LC_ALL: 'C' }, timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  )
}
