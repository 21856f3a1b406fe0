import { readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { openAdmin, openHomeToken } from './admin.ts'
import { addressOf, type Config, readConfig } from './config.ts'
import { type Home, openHome } from './home.ts'
import { type Lifetime, openLifetime, runUntilStopped } from './lifetime.ts'
import { Refusal } from './refusal.ts'
import { openReports, type Reports } from './reports.ts'
import { lockFolder } from './spool/folder-lock.ts'
import { openStores } from './stores.ts'
import type { WorkerState } from './worker.ts'

/** Web and worker in one process. Gives the exit code; `port` overrides the one of SLUICE_LISTEN. */
export async function runServer(env: NodeJS.ProcessEnv, port?: number): Promise<number> {
  return runUntilStopped(async () => {
    const config = readConfig(env)
    const reports = openReports(config.log)
    const listen = { ...config.listen, ...(port === undefined ? {} : { port }) }
    return openLifetime((lifetime) => openServer(lifetime, { ...config, listen }, reports))
  })
}

/** What is large is loaded while PostgreSQL starts, or after the first page can be served. */
async function openServer(lifetime: Lifetime, config: Config, reports: Reports): Promise<void> {
  const home = await openHome(config.home)
  await lockHome(lifetime, home)
  const loading = import('./web.ts')
  const stores = await openStores(lifetime, { config, home, reports })
  await openAdmin(stores.sql, config, reports)
  await openHomeToken(stores.sql, home)
  let worker: WorkerState | undefined
  const needs = { worker: async () => worker?.isWorking === true }
  const { openWeb } = await loading
  const url = await openWeb(lifetime, { config, home, stores, reports, needs })
  const { openWorker } = await import('./worker.ts')
  worker = await openWorker(lifetime, { config, home, stores, reports })
  await writeFile(home.serverFile, JSON.stringify({ pid: process.pid, url: addressOf(config.listen) }))
  lifetime.onEnd(() => rm(home.serverFile, { force: true }))
  reports.say(`Sluice is ready: ${url}`)
}

/** Two servers of one home would stop each other's PostgreSQL. */
async function lockHome(lifetime: Lifetime, home: Home) {
  const lock = await lockFolder(home.folder)
  if (lock.kind === 'held') return lifetime.onEnd(() => lock.release())
  const where = await readFile(home.serverFile, 'utf8').then(
    (text) => ` at ${JSON.parse(text).url}`,
    () => '',
  )
  const why = `A server of ${home.folder} runs already (pid ${lock.by ?? 'unknown'})${where}.`
  throw new Refusal(
    'conflict',
    why,
    'Use it, stop it with ./scripts/up --stop, or give this one a home of its own: --home DIR.',
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await runServer(process.env))
