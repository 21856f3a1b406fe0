import { join } from 'node:path'
import { Passwords } from './app/check-password.ts'
import type { DeployPorts, ImagePorts, LanguagePorts } from './app/deploy-ports.ts'
import { fetchLinked } from './app/fetch-linked.ts'
import { openTime } from './app/keep-time.ts'
import { type LinkPorts, linkProject } from './app/link-project.ts'
import { explainRelayed, receiveRelayed } from './app/receive-relayed.ts'
import type { WebhookPorts } from './app/receive-webhook.ts'
import { requireImage } from './app/require-image.ts'
import { resumeDeploys } from './app/resume-deploys.ts'
import { webOwner } from './app/web-owner.ts'
import type { Config } from './config.ts'
import { findBuild } from './db/builds.ts'
import { syncSchedules } from './db/schedules.ts'
import { readTemplates } from './docker/templates.ts'
import { describePlan, type Plan, planEnvironment } from './environment/plan.ts'
import { openExpressions } from './expression/sandbox.ts'
import { cloneUrls, parseGithub, verifyGithub } from './forge/github.ts'
import { openSmee } from './forge/smee.ts'
import { fetchBranch } from './git/fetch-branch.ts'
import { openHookDoor } from './git/hook-door.ts'
import { checkAddress } from './git/remote-address.ts'
import { isBranchName, parseRemoteUrl } from './git/remote-url.ts'
import { openRepositories } from './git/repositories.ts'
import { makeDeployKey, scanHostKeys } from './git/ssh-keys.ts'
import type { Home } from './home.ts'
import { apiRoutes } from './http/api/routes.ts'
import { createApp } from './http/app.tsx'
import { gitRoutes } from './http/git.ts'
import { healthRoutes } from './http/health.ts'
import { hookRoutes } from './http/hooks.ts'
import { listen, stopListening } from './http/listen.ts'
import type { Lifetime } from './lifetime.ts'
import { OPERATORS } from './operators/all.ts'
import type { Reports } from './reports.ts'
import type { Stores } from './stores.ts'
import { VERSION } from './version.ts'
import { checkProject } from './workflow/check-project.ts'
import { explainProblem } from './workflow/explain.ts'
import { firstDue } from './workflow/schedule.ts'

const MIB = 2 ** 20
const LEASE_SECONDS = 60
/** Answers that stream (pushes, logs) get this long when the server stops. */
const STOP_MS = 3_000
const RESUME_MS = 10_000

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
  const { config, home, stores, reports } = needs
  const { sql, hints, wakeUps, key } = stores
  const now = () => new Date()
  const url = (config.url ?? addressOf(config)).replace(/\/$/, '')
  const repositories = openRepositories(join(home.shared, 'repositories'))
  const hookDoor = lifetime.own(await openHookDoor(reports.report))
  const rules = { privateRemotes: config.privateRemotes, isLocalAllowed: config.localRemotes }
  const deploy: DeployPorts = {
    sql,
    hints,
    repositories,
    language: await openLanguage(lifetime),
    images: await openImages(config, stores),
    schedules,
    fetchLinked: (project, branch) =>
      fetchLinked({ sql, key, repositories, fetchBranch, rules, extraCa: config.extraCa }, project, branch),
    holder: { ...webOwner(), leaseSeconds: LEASE_SECONDS },
    running: new Set(),
    maxSourceBytes: config.maxSourceBytes,
    url,
    now,
    onBug: reports.report,
  }
  const webhooks: WebhookPorts = { deploy, key, github: { verify: verifyGithub, parse: parseGithub } }
  const remotes = { parseUrl: parseRemoteUrl, isBranchName, checkAddress, makeDeployKey, scanHostKeys }
  const links: LinkPorts = { sql, key, repositories, rules, remotes, url }
  const limits = { tasks: config.maxTasks, activeAttempts: config.maxActiveAttempts }
  const attempts = { sql, wakeUps, limits }
  const app = createApp({
    sql,
    passwords: new Passwords(),
    now,
    report: (_id, error) => reports.report(error),
    doors: [
      healthRoutes({
        database: () => sql`select 1`.then(() => true),
        queue: () => wakeUps.isReachable(),
        ...needs.needs,
      }),
      gitRoutes({ deploy, repositories, hookDoor, maxPackBytes: 2 * config.maxSourceBytes + 64 * MIB }),
      hookRoutes(webhooks),
      apiRoutes({
        ...attempts,
        hints,
        now,
        version: VERSION,
        linkProject: (request, who, at) => linkProject(links, request, who, at),
      }),
    ],
  })
  const server = await listen(app.fetch, config.listen)
  lifetime.onEnd(() => stopListening(server, STOP_MS))
  lifetime.own(openTime({ ...attempts, now, report: reports.report }, { fenceMs: config.fenceMs }))
  keepDeploysGoing(lifetime, deploy)
  if (config.smeeUrl !== null) relayFrom(config.smeeUrl, lifetime, webhooks, reports)
  return url
}

/** What people type. A server that listens everywhere is named by the loopback address. */
function addressOf({ listen: { host, port } }: Config): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

async function openLanguage(lifetime: Lifetime): Promise<LanguagePorts> {
  const expressions = await openExpressions()
  lifetime.onEnd(async () => expressions.close())
  const operators = new Set(OPERATORS.keys())
  return {
    check: (files, now) => checkProject({ ...files, operators, expressions, now }),
    explain: explainProblem,
    firstDue,
  }
}

async function openImages({ baseImage }: Config, { sql, wakeUps }: Stores): Promise<ImagePorts> {
  const templates = await readTemplates()
  return {
    plan: (files, builder) => planEnvironment({ ...files, builder, baseImage, templates }),
    // A plan is kept as JSON with its revision; only `plan` above makes one.
    describe: (plan) => describePlan(plan as Plan),
    require: (need, now) => requireImage({ sql, wakeUps }, { ...need, plan: need.plan as Plan }, now),
    outcome: async (id) => {
      const build = await findBuild(sql, id)
      if (build === undefined) throw new Error(`build ${id} is gone`)
      return build
    },
  }
}

const schedules: DeployPorts['schedules'] = {
  sync: async (tx, { projectId, workflows }, now) => {
    const changes = await syncSchedules(tx, { projectId, workflows, now })
    return changes.map(
      ({ sign, workflowName, schedule }) => `${sign} ${workflowName}  ${schedule.kind}> ${schedule.at}`,
    )
  },
}

/** Takes up what a killed server left, at once and then from time to time: its lease may have to lapse first. */
function keepDeploysGoing(lifetime: Lifetime, deploy: DeployPorts) {
  const resume = () => void resumeDeploys(deploy).catch(deploy.onBug)
  const timer = setInterval(resume, RESUME_MS)
  lifetime.onEnd(async () => clearInterval(timer))
  resume()
}

function relayFrom(source: string, lifetime: Lifetime, webhooks: WebhookPorts, { say }: Reports) {
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
