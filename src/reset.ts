import { existsSync } from 'node:fs'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { type Config, readConfig } from './config.ts'
import { checkDatabase } from './db/check-database.ts'
import { openEmbeddedPostgres } from './db/embedded.ts'
import { listImageTags } from './db/images.ts'
import { findInstallation } from './db/installation.ts'
import { openDatabase } from './db/sql.ts'
import { findEngine } from './docker/engine.ts'
import { findLeftovers, type Leftovers, removeLeftovers } from './docker/leftovers.ts'
import { findHome, type Home } from './home.ts'
import { Refusal } from './refusal.ts'
import { lockFolder } from './spool/folder-lock.ts'

/** All that Sluice ever puts into a home. What else lies there is somebody's, and stays. */
const FOLDERS = ['postgres', 'workers', 'sources', 'repositories', 'run', 'demo'] as const
const FILES = /^(key|token|server\.json|server\.log|lock\..*)$/

type Own = { readonly name: string; readonly tags: readonly string[] }

/** Removes this installation from this host: its containers, networks, volumes and images, and its home. Gives the exit code. */
async function reset(env: NodeJS.ProcessEnv, isSure: boolean): Promise<number> {
  const config = readConfig(env)
  const home = await findHome(config.home)
  if (!existsSync(home.folder)) {
    console.log(`There is no installation in ${home.folder}`)
    return 0
  }
  await refuseWhileInUse(home)
  const own = await findOwn(config, home)
  const engine = await findEngine({ ...env, DOCKER_HOST: config.dockerHost ?? undefined })
  const isAway = engine instanceof Refusal
  const leftovers = isAway || own === null ? null : await findLeftovers(engine.docker, own.name, own.tags)
  for (const line of tell(home, config, leftovers)) console.log(line)
  if (isAway && existsSync(join(home.shared, 'workers'))) throw engineAway(engine)
  if (!isSure && !(await isAgreed())) return 1
  if (!isAway && leftovers !== null) await removeLeftovers(engine.docker, leftovers)
  await removeHome(home)
  console.log('Removed.')
  return 0
}

async function refuseWhileInUse({ folder, shared }: Home): Promise<void> {
  const workers = await readdir(join(shared, 'workers')).catch(() => [])
  for (const one of [folder, ...workers.map((number) => join(shared, 'workers', number))]) {
    const lock = await lockFolder(one)
    if (lock.kind === 'taken')
      throw new Refusal(
        'conflict',
        `A process uses ${one} (pid ${lock.by ?? 'unknown'}).`,
        'Stop it: ./scripts/up --stop',
      )
    await lock.release()
  }
}

/** Null: no server has ever been ready here, so that there is nothing of it on an engine. */
async function findOwn({ databaseUrl }: Config, { shared }: Home): Promise<Own | null> {
  const folder = join(shared, 'postgres')
  if (databaseUrl === null && !existsSync(folder)) return null
  const embedded = databaseUrl === null ? await openEmbeddedPostgres(folder) : undefined
  const url = databaseUrl ?? embedded?.url ?? ''
  const sql = openDatabase(url, { max: 1 })
  try {
    await checkDatabase(sql, url)
    const installation = await findInstallation(sql)
    return installation === undefined ? null : { name: installation.name, tags: await listImageTags(sql) }
  } finally {
    await sql.end({ timeout: 1 })
    await embedded?.stop()
  }
}

function* tell({ folder, shared }: Home, { databaseUrl, redisUrl }: Config, leftovers: Leftovers | null) {
  yield 'To be removed:'
  yield `  ${folder}${shared === folder ? '' : ` and ${shared}`}: projects, logs, sources, key${databaseUrl === null ? ', database' : ''}`
  for (const [kind, all] of Object.entries(leftovers ?? {}))
    if (all.length > 0) yield `  ${all.length} ${all.length === 1 ? kind.replace(/s$/, '') : kind}`
  if (databaseUrl !== null)
    yield `It stays, for you to drop: the database ${new URL(databaseUrl).pathname.slice(1)} at ${new URL(databaseUrl).host}`
  if (redisUrl !== null) yield 'It stays, and holds wake-ups only: Redis'
}

async function isAgreed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Refusal('invalid', 'Nobody can be asked, so nothing was removed.', 'Give --yes.')
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await asking.question('Type yes to remove all this for good: ')
  asking.close()
  return answer.trim() === 'yes'
}

async function removeHome({ folder, shared }: Home): Promise<void> {
  for (const one of new Set([shared, folder])) {
    const names = await readdir(one).catch(() => [])
    const own = names.filter((name) => FOLDERS.some((known) => known === name) || FILES.test(name))
    for (const name of own) await rm(join(one, name), { recursive: true, force: true })
    if (names.length > own.length) console.log(`${one} holds something else too, which stays`)
    else await rmdir(one).catch(() => {}) // gone, or a mount point
  }
}

const engineAway = ({ message, hint }: Refusal) =>
  new Refusal('unavailable', `Containers of this installation may be left, and cannot be found: ${message}`, hint)

async function main(words: readonly string[]): Promise<number> {
  try {
    return await reset(process.env, words.includes('--yes'))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    console.error(`${error.message}\n  ${error.hint}`)
    return 1
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await main(process.argv.slice(2)))
