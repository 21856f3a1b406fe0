import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openAdmin } from './admin.ts'
import { Passwords } from './app/check-password.ts'
import { openCollecting } from './app/collect.ts'
import type { DeployPorts } from './app/deploy-ports.ts'
import { enterEnvironment } from './app/enter-environment.ts'
import { type FetchPorts, fetchLinked } from './app/fetch-linked.ts'
import type { AttemptPorts } from './app/finish-task.ts'
import { openTime } from './app/keep-time.ts'
import { type LinkPorts, linkProject } from './app/link-project.ts'
import { openMemory } from './app/memory.ts'
import { receiveArchive } from './app/receive-archive.ts'
import { explainRelayed, receiveRelayed } from './app/receive-relayed.ts'
import type { WebhookPorts } from './app/receive-webhook.ts'
import { resumeDeploys } from './app/resume-deploys.ts'
import { webOwner } from './app/web-owner.ts'
import { readArchive } from './archive/read-archive.ts'
import { addressOf, type Config, quietEnvironment, readConfig } from './config.ts'
import { findOrNameInstallation, type Installation } from './db/installation.ts'
import { isMigrated } from './db/migrate.ts'
import { readTemplates } from './docker/templates.ts'
import { chooseExecutor, isLoopback } from './environment/choose-executor.ts'
import { openExpressions } from './expression/sandbox.ts'
import { cloneUrls, parseGithub, verifyGithub } from './forge/github.ts'
import { openHookDoor } from './git/hook-door.ts'
import { checkRemote } from './git/remote-address.ts'
import { isBranchName, parseRemoteUrl } from './git/remote-url.ts'
import { openRepositories } from './git/repositories.ts'
import { makeDeployKey, scanHostKeys } from './git/ssh-keys.ts'
import { type Home, openHome } from './home.ts'
import { type AccessLog, openAccessLog } from './http/access-log.ts'
import type { ApiPorts } from './http/api/ports.ts'
import { apiRoutes } from './http/api/routes.ts'
import { createApp } from './http/app.tsx'
import { trustProxies } from './http/client.ts'
import { flowerRoutes } from './http/flower/routes.ts'
import type { Broker } from './http/flower/worker.ts'
import { gitRoutes } from './http/git.ts'
import { healthRoutes } from './http/health.ts'
import { hookRoutes } from './http/hooks.ts'
import { listen, stopListening } from './http/listen.ts'
import { metricsRoutes } from './http/metrics.ts'
import type { DashboardPorts } from './http/pages/all.ts'
import { type Lifetime, openLifetime, runUntilStopped } from './lifetime.ts'
import { OPERATORS } from './operators/all.ts'
import { proxies } from './proxies.ts'
import { openReports, type Reports } from './reports.ts'
import { openStores, requireDatabase, type Stores } from './stores.ts'
import { VERSION } from './version.ts'

const MIB = 2 ** 20
/** How long the deploys of a web that was lost with its host stand still, at most, and how often the others look. */
const LEASE_SECONDS = 20
const RESUME_MS = 5_000
/** Answers that stream (pushes, logs) get at least this long when the server stops. */
const STOP_MS = 3_000
/** A proxy that asks /readyz every 2 s knows by then that it should send nobody any more. */
const NOTICE_MS = 5_000

type Needs = {
  readonly config: Config
  readonly home: Home
  readonly stores: Stores
  readonly reports: Reports
  /** What else must be there for work, by name; asked by `/readyz`. */
  readonly needs: Readonly<Record<string, () => Promise<boolean>>>
}

/** The web: HTTP, git and hooks, deploys, and the clock of schedules. Gives its address. */
export async function openWeb(lifetime: Lifetime, needs: Needs): Promise<string> {
  const { config, stores, reports } = needs
  const delivery = await openDelivery(lifetime, needs)
  const { sql, wakeUps } = stores
  await switchOffWhatCameFromElsewhere(needs)
  const limits = { tasks: config.maxTasks, activeAttempts: config.maxActiveAttempts }
  const attempts = { sql, wakeUps, limits }
  const { accessLogDir } = config
  const accessLog = accessLogDir === null ? undefined : lifetime.own(await openAccessLog(accessLogDir, reports.report))
  let isStopping = false
  const stays = { ...needs.needs, 'time: it is being stopped': async () => !isStopping }
  const server = await listen(
    openApp({ ...needs, needs: stays }, delivery, { attempts, accessLog }).fetch,
    config.listen,
  )
  lifetime.onEnd(() => stopListening(server, Math.max(STOP_MS, config.webDrainMs - NOTICE_MS)))
  lifetime.own(openTime({ ...attempts, now: stores.now, report: reports.report }, { fenceMs: config.fenceMs }))
  const { repositories } = delivery.git
  const { keepLogsMs } = config
  lifetime.own(openCollecting({ sql, repositories, keepLogsMs, now: stores.now, report: reports.report }))
  keepDeploysGoing(lifetime, delivery.deploy)
  if (config.smeeUrl !== null) await relayFrom(config.smeeUrl, lifetime, delivery.webhooks, reports)
  lifetime.onEnd(async () => {
    isStopping = true
    await sleep(Math.min(NOTICE_MS, config.webDrainMs))
  })
  return delivery.deploy.url
}

async function switchOffWhatCameFromElsewhere({ config, stores, reports }: Needs): Promise<void> {
  const where = { environment: config.environment, quietEnvironment: quietEnvironment(config) }
  const off = await enterEnvironment(stores.sql, where, stores.now())
  if (off > 0)
    reports.say(
      `This database comes from another environment: its schedules are now switched off here (${off} were on)`,
    )
}

/** What few servers need, or need late, is loaded when they do: the first page should not wait for it. */
const loadAndFetch: FetchPorts['fetchBranch'] = async (needs) =>
  (await import('./git/fetch-branch.ts')).fetchBranch(needs)

/** How projects come in: by push, by webhook, linked. */
async function openDelivery(lifetime: Lifetime, { config, home, stores, reports }: Needs) {
  const { sql, hints, wakeUps, key, now } = stores
  const url = (config.url ?? addressOf(config.listen)).replace(/\/$/, '')
  const maxPackBytes = 2 * config.maxSourceBytes + 64 * MIB // a history is larger than what it leads to
  const repositories = openRepositories(join(home.shared, 'repositories'))
  const hookDoor = lifetime.own(await openHookDoor(reports.report))
  const rules = { privateRemotes: config.privateRemotes, isLocalAllowed: config.localRemotes, proxies: proxies() }
  const expressions = await openExpressions()
  lifetime.onEnd(async () => expressions.close())
  const deploy: DeployPorts = {
    sql,
    hints,
    repositories,
    wakeUps,
    readArchive,
    expressions,
    operators: new Set(OPERATORS.keys()),
    templates: await readTemplates(),
    baseImage: config.baseImage,
    isImageNeeded: async () => needsImages(config, await findOrNameInstallation(sql)),
    fetchLinked: (project, branch) =>
      fetchLinked(
        { sql, key, repositories, fetchBranch: loadAndFetch, rules, maxBytes: maxPackBytes, extraCa: config.extraCa },
        project,
        branch,
      ),
    holder: { ...webOwner(), leaseSeconds: LEASE_SECONDS },
    running: new Set(),
    maxSourceBytes: config.maxSourceBytes,
    uploads: openMemory(2 * config.maxSourceBytes),
    checks: openMemory(3 * config.maxSourceBytes),
    quietEnvironment: quietEnvironment(config),
    url,
    now,
    onBug: reports.report,
  }
  const webhooks: WebhookPorts = { deploy, key, github: { verify: verifyGithub, parse: parseGithub } }
  const remotes = { parseUrl: parseRemoteUrl, isBranchName, checkRemote, makeDeployKey, scanHostKeys }
  const links: LinkPorts = { sql, key, repositories, rules, remotes, url }
  return { deploy, webhooks, links, git: { deploy, repositories, hookDoor, maxPackBytes } }
}

type Delivery = Awaited<ReturnType<typeof openDelivery>>

function openApp(
  { config, stores, reports, needs }: Needs,
  { deploy, webhooks, links, git }: Delivery,
  { attempts, accessLog }: { attempts: AttemptPorts; accessLog: AccessLog | undefined },
) {
  const { sql, hints, wakeUps, now } = stores
  const quiet = quietEnvironment(config)
  const database = () => sql`select 1`.then(() => true)
  const queue = () => wakeUps.isReachable()
  const link: ApiPorts['linkProject'] = (request, who, at) => linkProject(links, request, who, at)
  return createApp({
    sql,
    passwords: new Passwords(),
    now,
    accessLog,
    opened: config.publicMetrics ? ['/metrics'] : [],
    report: (id, error) => reports.report(error, id),
    trustsProxy: trustProxies(config.trustedProxies),
    dashboard: { hints, url: config.url, quietEnvironment: quiet, attempts, link: linkFromPage(links) },
    doors: [
      healthRoutes({ database, migrations: () => isMigrated(sql), queue, ...needs }),
      metricsRoutes({ sql, version: VERSION }),
      flowerRoutes({ sql, now, broker: brokerOf(config), url: config.url }),
      gitRoutes(git),
      hookRoutes(webhooks),
      apiRoutes({
        ...attempts,
        hints,
        now,
        version: VERSION,
        quietEnvironment: quiet,
        linkProject: link,
        receiveArchive: (received) => receiveArchive(deploy, received),
        maxArchiveBytes: config.maxSourceBytes,
      }),
    ],
  })
}

/** Where wake-ups go, without who signs in there. */
function brokerOf({ redisUrl, databaseUrl }: Config): Broker {
  const { protocol, hostname, port, pathname } = new URL(redisUrl ?? databaseUrl ?? 'postgres://embedded/sluice')
  const transport = redisUrl === null ? 'postgres' : 'redis'
  const usual = protocol.startsWith('redis') ? 6379 : 5432
  return { transport, hostname, port: port === '' ? usual : Number(port), path: pathname.slice(1) }
}

/** A form sends empty fields for what was left out. */
const linkFromPage =
  (ports: LinkPorts): DashboardPorts['link'] =>
  async ({ project, url, branch, secret, who }, now) => {
    const request = { name: project, url, branch: branch || null, secret: secret || null }
    return linkProject(ports, request, who, now)
  }

/** Where tasks would run if there were no engine now: one that is only away needs images all the same. */
function needsImages({ executor, environment, listen }: Config, { engineSeenAt }: Installation): boolean {
  const surroundings = { setting: executor, environment, isOnLoopback: isLoopback(listen.host) }
  return (
    chooseExecutor({ ...surroundings, wasEngineSeen: engineSeenAt !== null, isEngineThere: false }).kind !== 'process'
  )
}

/** Takes up what a killed server left, at once and then from time to time: its lease may have to lapse first. */
function keepDeploysGoing(lifetime: Lifetime, deploy: DeployPorts) {
  const resume = () => void resumeDeploys(deploy).catch(deploy.onBug)
  const timer = setInterval(resume, RESUME_MS)
  lifetime.onEnd(async () => clearInterval(timer))
  resume()
}

async function relayFrom(source: string, lifetime: Lifetime, webhooks: WebhookPorts, { say }: Reports) {
  const { openSmee } = await import('./forge/smee.ts')
  lifetime.own(
    openSmee({
      source,
      say,
      receive: async (relayed) => {
        for (const one of await receiveRelayed(webhooks, cloneUrls, relayed)) say(`Webhook: ${explainRelayed(one)}`)
      },
    }),
  )
}

/** A web alone: several of them share a home and a database, and workers of their own do the work. Gives the exit code. */
export async function runWeb(env: NodeJS.ProcessEnv, port?: number): Promise<number> {
  return runUntilStopped(async (stopping) => {
    const given = readConfig(env)
    const reports = openReports(given.log)
    requireDatabase(given, 'A web')
    const config = { ...given, listen: { ...given.listen, ...(port === undefined ? {} : { port }) } }
    const home = await openHome(config.home)
    return openLifetime(async (lifetime) => {
      const stores = await openStores(lifetime, { config, home, reports, stopping })
      await openAdmin(stores.sql, config, reports)
      reports.say(`A web is ready: ${await openWeb(lifetime, { config, home, stores, reports, needs: {} })}`)
    })
  })
}
