import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { Passwords } from '../../src/app/check-password.ts'
import { createAdmin } from '../../src/app/create-admin.ts'
import { createToken } from '../../src/app/create-token.ts'
import type { DeployPorts } from '../../src/app/deploy-ports.ts'
import { fetchLinked } from '../../src/app/fetch-linked.ts'
import type { LinkPorts } from '../../src/app/link-project.ts'
import { openMemory } from '../../src/app/memory.ts'
import type { WebhookPorts } from '../../src/app/receive-webhook.ts'
import { readArchive } from '../../src/archive/read-archive.ts'
import { type BuildClaim, claimBuild, finishBuildIfHeld } from '../../src/db/builds.ts'
import { openHints } from '../../src/db/hints.ts'
import { putImage } from '../../src/db/images.ts'
import { appendLog, closeLog } from '../../src/db/logs.ts'
import type { Database } from '../../src/db/sql.ts'
import { readTemplates } from '../../src/docker/templates.ts'
import { openExpressions } from '../../src/expression/sandbox.ts'
import { parseGithub, verifyGithub } from '../../src/forge/github.ts'
import { fetchBranch } from '../../src/git/fetch-branch.ts'
import { openHookDoor } from '../../src/git/hook-door.ts'
import { checkRemote } from '../../src/git/remote-address.ts'
import { isBranchName, parseRemoteUrl } from '../../src/git/remote-url.ts'
import { openRepositories } from '../../src/git/repositories.ts'
import { makeDeployKey, scanHostKeys } from '../../src/git/ssh-keys.ts'
import { createApp } from '../../src/http/app.tsx'
import { gitRoutes } from '../../src/http/git.ts'
import { hookRoutes } from '../../src/http/hooks.ts'
import { OPERATORS } from '../../src/operators/all.ts'

export const NOW = new Date('2026-03-28T06:14:08Z')

/** A server with a real git door and database; `builder` plays the worker that builds. */
export async function openDeliveryServer(sql: Database, changes: Partial<DeployPorts> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-home-'))
  const bugs: unknown[] = []
  const hints = await openHints(sql)
  const repositories = openRepositories(join(folder, 'repositories'))
  const hookDoor = await openHookDoor((error) => bugs.push(error))
  const builder = openBuilder(sql)
  const expressions = await openExpressions()
  const key = randomBytes(32)
  const rules = { privateRemotes: [], isLocalAllowed: true, proxies: {} }
  const deploy: DeployPorts = {
    sql,
    hints,
    repositories,
    wakeUps: builder,
    readArchive,
    expressions,
    operators: new Set(OPERATORS.keys()),
    templates: await readTemplates(),
    baseImage: 'sluice/base',
    isImageNeeded: async () => true,
    fetchLinked: (project, branch) =>
      fetchLinked(
        { sql, key, repositories, fetchBranch, rules, maxBytes: 5 * 1024 * 1024, extraCa: null },
        project,
        branch,
      ),
    holder: { owner: 'test/1', leaseSeconds: 60, isGone: () => false },
    running: new Set(),
    maxSourceBytes: 3 * 1024 * 1024,
    uploads: openMemory(2 * 3 * 1024 * 1024),
    checks: openMemory(3 * 3 * 1024 * 1024),
    quietEnvironment: null,
    url: 'http://sluice.example',
    now: () => NOW,
    onBug: (error) => bugs.push(error),
    ...changes,
  }
  const webhooks: WebhookPorts = { deploy, key, github: { verify: verifyGithub, parse: parseGithub } }
  const remotes = { parseUrl: parseRemoteUrl, isBranchName, checkRemote, makeDeployKey, scanHostKeys }
  const links: LinkPorts = { sql, key, repositories, rules, remotes, url: 'http://sluice.example' }
  const token = await openUser(sql)
  const app = createApp({
    sql,
    passwords: new Passwords(),
    now: () => NOW,
    report: (_id, error) => bugs.push(error),
    doors: [
      gitRoutes({ deploy, repositories, hookDoor, maxPackBytes: 20 * 1024 * 1024 }),
      hookRoutes({ ...webhooks, maxBodyBytes: 100_000 }),
    ],
  })
  const server = await listen(app.fetch)
  const host = `127.0.0.1:${portOf(server)}`
  return {
    deploy,
    webhooks,
    links,
    builder,
    bugs,
    repositories,
    host,
    url: (project: string) => `http://any:${token}@${host}/git/${project}.git`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await hookDoor.close()
      await hints.close()
      expressions.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function openUser(sql: Database): Promise<string> {
  await createAdmin({ sql }, { password: 'correct horse battery' }, NOW)
  const [user] = await sql<[{ id: string }]>`select id from users where name = 'admin'`
  return createToken({ sql }, { userId: user.id as never, name: 'git' }, NOW)
}

async function listen(fetch: Parameters<typeof serve>[0]['fetch']): Promise<Server> {
  return new Promise((resolve) => {
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(server as Server))
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Plays the worker that builds: plain shell is built at once, anything else when the test says how it ended. */
function openBuilder(sql: Database) {
  let building = signal<BuildClaim>()
  const end = async (claim: BuildClaim, problem: string | null) => {
    await closeLog(sql, claim.logId, NOW)
    const image = { key: claim.imageKey, tag: 'sluice/test', imageId: 'sha256:1', bytes: 1, digest: null }
    if (problem === null) await putImage(sql, image, NOW)
    const hint = 'Correct what the lines above say, commit, and push again'
    await finishBuildIfHeld(sql, claim, problem === null ? null : { problem, hint }, NOW)
  }
  return {
    end,
    ring: async () => {
      const claim = await claimBuild(sql, { workerId: '1', leaseMs: 60_000 })
      if (claim === undefined) return
      await appendLog(sql, claim.logId, Buffer.from('Step 1/1 : FROM scratch\n'), NOW)
      if (claim.plan.kind === 'rendered' && claim.plan.parts.length === 0) await end(claim, null)
      else building.resolve(claim)
    },
    /** The next build that begins. */
    begun: async () => {
      const claim = await building.promise
      building = signal()
      return claim
    },
  }
}

function signal<Value>() {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((done) => {
    resolve = done
  })
  return { promise, resolve: (value: Value) => resolve(value) }
}

/** Until `look` sees something, 10 s at most. */
export async function until<Seen>(
  look: () => Promise<Seen | undefined | false> | Seen | undefined | false,
): Promise<Seen> {
  const end = Date.now() + 10_000
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (Date.now() > end) throw new Error('it was not seen')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
