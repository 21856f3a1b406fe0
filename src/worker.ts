import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openAdmission } from './app/admission.ts'
import { BUILD_QUEUE } from './app/require-image.ts'
import { openWork, type Work, type WorkPorts } from './app/work.ts'
import { openBuilding } from './building.ts'
import { type Config, readConfig } from './config.ts'
import { markEngineSeenIfFirst } from './db/installation.ts'
import { readSource } from './db/sources.ts'
import { isWorkerKnown } from './db/workers.ts'
import { type Engine, findEngine } from './docker/engine.ts'
import { watchEngine } from './docker/engine-watch.ts'
import { explainMetadata, probeMetadata } from './docker/metadata.ts'
import { openDockerExecutor } from './docker/open-docker-executor.ts'
import { chooseExecutor, isLoopback } from './environment/choose-executor.ts'
import { openExpressions } from './expression/sandbox.ts'
import { type Home, openHome } from './home.ts'
import { type Lifetime, openLifetime, runUntilStopped } from './lifetime.ts'
import { OPERATORS } from './operators/all.ts'
import { openProcessExecutor } from './process/open-process-executor.ts'
import { proxies } from './proxies.ts'
import { Refusal } from './refusal.ts'
import { openReports, type Reports } from './reports.ts'
import type { Executor } from './spool/executor.ts'
import { watchDisks } from './spool/full-disk.ts'
import { openSources } from './spool/sources.ts'
import { takeWorkerFolder, type WorkerFolder } from './spool/worker-folder.ts'
import { openStores, requireDatabase, type Stores } from './stores.ts'
import { openTaskLogFolder } from './task-log-folder.ts'
import { VERSION } from './version.ts'

const LOOK_FOR_ENGINE_MS = 3_000

type Needs = {
  readonly config: Config
  readonly home: Home
  readonly stores: Stores
  readonly reports: Reports
}

/** What a worker is doing before it can work. */
export type WorkerState = { isWorking: boolean }

/** Works as soon as there is an engine, or leave to do without; until then tasks wait, and it is said why. Resolves when it has looked once. */
export async function openWorker(lifetime: Lifetime, needs: Needs): Promise<WorkerState> {
  await refuseUnusableEngine(needs.config)
  const state = { isWorking: false }
  const stopping = new AbortController()
  const folder = await takeWorkerFolder(needs.home.shared)
  lifetime.onEnd(() => folder.release())
  let looked = () => {}
  const firstLook = new Promise<void>((resolve) => {
    looked = resolve
  })
  const opening = openLifetime((own) => work(own, needs, { folder, state, stopping: stopping.signal, looked }))
  const opened = opening.catch((error: unknown) => {
    if (!stopping.signal.aborted) needs.reports.report(error)
    return null
  })
  lifetime.onEnd(async () => {
    stopping.abort()
    await (await opened)?.close()
  })
  await Promise.race([firstLook, opened])
  return state
}

/** An engine that is away may come; one that is too old, or of another machine, is no use waiting for. */
async function refuseUnusableEngine(config: Config): Promise<void> {
  const engine = config.executor === 'process' ? undefined : await findEngine(engineEnv(config))
  if (engine instanceof Refusal && engine.code === 'invalid') throw engine
}

const engineEnv = ({ dockerHost }: Config) => ({ ...process.env, DOCKER_HOST: dockerHost ?? undefined })

type Start = {
  readonly folder: WorkerFolder
  readonly state: WorkerState
  readonly stopping: AbortSignal
  readonly looked: () => void
}

async function work(own: Lifetime, needs: Needs, start: Start) {
  const { config, home, stores, reports } = needs
  const { executor, engine } = await openExecutor(needs, start)
  const workerName = await nameWorker(stores.sql, start.folder)
  const admission = await watchHost(own, config, start.folder, engine)
  const building =
    engine && (await openBuilding({ ...needs, admission, workerName, proxies: proxies() }, engine.docker))
  own.onEnd(async () => executor.leave())
  const expressions = await openExpressions()
  own.onEnd(async () => expressions.close())
  const { sql, wakeUps, hints } = stores
  const worker = await openWork(
    {
      sql,
      wakeUps,
      hints,
      executor,
      admission,
      expressions,
      operators: OPERATORS,
      ...(building && { ensureImage: building.ensureImage }),
      openSource: openSources(join(home.shared, 'sources'), (digest) => readSource(sql, digest)),
      limits: { tasks: config.maxTasks, activeAttempts: config.maxActiveAttempts },
      now: stores.now,
      report: reports.report,
      ...(await keepLogs(own, needs, start.folder)),
    },
    describeWorker(config, workerName, engine),
  )
  own.own(worker)
  wakeUps.hear(config.queues, () => worker.look())
  const builds = building && (await building.open(own, worker.workerId))
  if (builds !== null) await hearBuilds(stores, builds)
  own.onEnd(() => drainAtMost(config.drainMs, builds === null ? [worker] : [worker, builds]))
  start.state.isWorking = true
}

async function hearBuilds({ wakeUps }: Stores, builds: { look(): Promise<void> }) {
  wakeUps.hear([BUILD_QUEUE], () => builds.look())
  await builds.look() // what was queued while nobody heard
}

/** What keeps a worker from taking new work is watched from before its first look. */
async function watchHost(own: Lifetime, config: Config, { folder }: WorkerFolder, engine: Engine | null) {
  const admission = openAdmission()
  if (engine !== null) own.own(watchEngine(engine.docker, (problem) => admission.tell('engine', problem)))
  const disks = [folder, ...(await listEngineFolders(engine))]
  const watch = own.own(watchDisks(disks, config.minFreeBytes, (problem) => admission.tell('disk', problem)))
  await watch.look()
  return admission
}

async function keepLogs(
  own: Lifetime,
  { config: { taskLogDir }, stores, reports }: Needs,
  { folder }: WorkerFolder,
): Promise<Pick<WorkPorts, 'copies'>> {
  if (taskLogDir === null) return {}
  const folders = { folder: taskLogDir, owed: join(folder, 'owed-logs') }
  return { copies: own.own(await openTaskLogFolder(stores.sql, folders, reports.report)) }
}

const describeWorker = (config: Config, workerName: string, engine: Engine | null) => ({
  workerName,
  host: hostname(),
  pid: process.pid,
  engine: engine?.version ?? null,
  version: VERSION,
  slots: config.slots,
  queues: config.queues,
  limits: { memoryBytes: config.taskMemoryBytes, cpus: config.taskCpus, pids: config.taskPids },
  logBytes: config.taskLogBytes,
  timeMs: config.taskTimeMs,
  graceMs: config.taskGraceMs,
  fenceMs: config.fenceMs,
})

/** The last to be opened is the first to be closed: everything still works while it drains. */
async function drainAtMost(ms: number, busy: readonly Pick<Work, 'drain'>[]): Promise<void> {
  if (ms === 0) return
  const over = new AbortController()
  const limit = sleep(ms, undefined, { signal: over.signal }).catch(() => {}) // they were done before
  await Promise.race([Promise.all(busy.map((one) => one.drain())), limit])
  over.abort()
}

/** Where the engine keeps images and containers, if it lets itself be asked. */
async function listEngineFolders(engine: Engine | null): Promise<readonly string[]> {
  const root = await engine?.docker.info().then(
    ({ DockerRootDir }) => DockerRootDir as string | undefined,
    () => undefined,
  )
  return root === undefined ? [] : [root]
}

type Opened = { readonly executor: Executor & { leave(): void }; readonly engine: Engine | null }

async function openExecutor(needs: Needs, { folder, stopping, looked }: Start): Promise<Opened> {
  const { config, stores, reports } = needs
  const { orphanMs, extraCa } = config
  const options = { home: join(folder.folder, 'attempts'), env: proxies(), orphanMs, extraCa }
  let said = ''
  for (;;) {
    const engine = await findEngine(engineEnv(config))
    const isEngineThere = !(engine instanceof Refusal)
    const choice = chooseExecutor({
      setting: config.executor,
      environment: config.environment,
      isOnLoopback: isLoopback(config.listen.host),
      wasEngineSeen: stores.installation.engineSeenAt !== null,
      isEngineThere,
    })
    if (choice.kind === 'docker' && isEngineThere) {
      await markEngineSeenIfFirst(stores.sql, stores.now())
      looked()
      reports.say(`Tasks run in Docker ${engine.version}`)
      const warning = explainMetadata(await probeMetadata())
      if (warning !== undefined) reports.say(warning)
      const { docker } = engine
      const installation = stores.installation.name
      return { executor: await openDockerExecutor({ ...options, docker, installation }), engine }
    }
    if (choice.kind === 'process') {
      looked()
      reports.say('Tasks run as plain processes of this host: they are NOT ISOLATED from it nor from each other.')
      return { executor: await openProcessExecutor(options), engine: null }
    }
    const why = `Tasks wait: ${engine instanceof Refusal ? `${engine.message} ${engine.hint}` : 'no engine'}`
    if (why !== said) reports.say(why)
    said = why
    looked()
    await sleep(LOOK_FOR_ENGINE_MS, undefined, { signal: stopping })
  }
}

/** The same over restarts, whatever the host is called by then; two folders of one host, with homes of their own, never have one name. */
async function nameWorker(sql: Stores['sql'], folder: WorkerFolder): Promise<string> {
  const before = await folder.readName()
  if (before !== undefined) return before
  const plain = `${hostname()}/${folder.number}`
  const name = (await isWorkerKnown(sql, plain)) ? `${plain}-${randomBytes(2).toString('hex')}` : plain
  await folder.keepName(name)
  return name
}

/** A worker alone, beside a server or on another host. Gives the exit code. */
export async function runWorker(env: NodeJS.ProcessEnv): Promise<number> {
  return runUntilStopped(async (stopping) => {
    const config = readConfig(env)
    const reports = openReports(config.log)
    requireDatabase(config, 'A worker')
    const home = await openHome(config.home)
    return openLifetime(async (lifetime) => {
      const stores = await openStores(lifetime, { config, home, reports, stopping })
      await openWorker(lifetime, { config, home, stores, reports })
      reports.say(`A worker of ${config.slots} slots hears ${config.queues.join(', ')}`)
    })
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await runWorker(process.env))
