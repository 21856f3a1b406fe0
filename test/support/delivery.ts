import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { Passwords } from '../../src/app/check-password.ts'
import { createAdmin } from '../../src/app/create-admin.ts'
import { createToken } from '../../src/app/create-token.ts'
import type { DeployPorts, ImagePorts, LanguagePorts } from '../../src/app/deploy-ports.ts'
import { fetchLinked } from '../../src/app/fetch-linked.ts'
import type { LinkPorts } from '../../src/app/link-project.ts'
import type { WebhookPorts } from '../../src/app/receive-webhook.ts'
import type { BuildId } from '../../src/brand.ts'
import { openHints } from '../../src/db/hints.ts'
import { appendLog, insertLog } from '../../src/db/logs.ts'
import type { Database } from '../../src/db/sql.ts'
import { parseGithub, verifyGithub } from '../../src/forge/github.ts'
import { fetchBranch } from '../../src/git/fetch-branch.ts'
import { openHookDoor } from '../../src/git/hook-door.ts'
import { checkAddress } from '../../src/git/remote-address.ts'
import { isBranchName, parseRemoteUrl } from '../../src/git/remote-url.ts'
import { openRepositories } from '../../src/git/repositories.ts'
import { makeDeployKey, scanHostKeys } from '../../src/git/ssh-keys.ts'
import { createApp } from '../../src/http/app.tsx'
import { gitRoutes } from '../../src/http/git.ts'
import { hookRoutes } from '../../src/http/hooks.ts'
import type { Problem } from '../../src/workflow/workflow.ts'

export const NOW = new Date('2026-03-28T06:14:08Z')

/** A server with a real git door and database; what is checked and built is played by `language` and `images`. */
export async function openDeliveryServer(sql: Database, changes: Partial<DeployPorts> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-home-'))
  const bugs: unknown[] = []
  const hints = await openHints(sql)
  const repositories = openRepositories(join(folder, 'repositories'))
  const hookDoor = await openHookDoor((error) => bugs.push(error))
  const images = openImages(sql)
  const key = randomBytes(32)
  const rules = { privateRemotes: [], isLocalAllowed: true }
  const deploy: DeployPorts = {
    sql,
    hints,
    repositories,
    language,
    images,
    schedules: { sync: async (_tx, { workflows }) => workflows.map(({ name }) => `+ ${name}`) },
    fetchLinked: (project, branch) =>
      fetchLinked({ sql, key, repositories, fetchBranch, rules, extraCa: null }, project, branch),
    holder: { owner: 'test/1', leaseSeconds: 60, isGone: () => false },
    running: new Set(),
    maxSourceBytes: 3 * 1024 * 1024,
    url: 'http://sluice.example',
    now: () => NOW,
    onBug: (error) => bugs.push(error),
    ...changes,
  }
  const webhooks: WebhookPorts = { deploy, key, github: { verify: verifyGithub, parse: parseGithub } }
  const remotes = { parseUrl: parseRemoteUrl, isBranchName, checkAddress, makeDeployKey, scanHostKeys }
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
    images,
    bugs,
    repositories,
    host,
    url: (project: string) => `http://any:${token}@${host}/git/${project}.git`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await hookDoor.close()
      await hints.close()
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

/** Every top-level .dig is a workflow; one that says `broken` is a problem. */
const language: LanguagePorts = {
  check: ({ tree, texts }) => {
    const paths = tree.map(({ path }) => path).filter((path) => path.endsWith('.dig') && !path.includes('/'))
    const paths2 = paths.filter((path) => !texts.has(path))
    if (paths2.length > 0) return { kind: 'needs', paths: paths2 }
    const workflows = paths.map((file) => ({
      name: file.slice(0, -4),
      file,
      timezone: 'UTC',
      config: {},
      schedule: null,
    }))
    const problems = paths
      .filter((path) => texts.get(path)?.includes('broken'))
      .map(
        (file): Problem => ({ severity: 'error', file, line: 1, column: 1, message: 'it is broken', hint: 'Mend it' }),
      )
    return { kind: 'checked', workflows, problems, ignored: [] }
  },
  explain: ({ file, line, column, message, hint }) => [`${file}:${line}:${column} ${message}`, `hint: ${hint}`],
  firstDue: () => null,
}

/** An environment is keyed by `requirements.txt`; a new one waits until the test says how its build ended. */
function openImages(sql: Database) {
  const known = new Set([''])
  const ends = new Map<string, 'success' | 'error'>()
  let nextBuild = 1
  const images: ImagePorts = {
    plan: ({ tree, texts }) => {
      if (!tree.some(({ path }) => path === 'requirements.txt'))
        return { kind: 'planned', plan: { needs: '' }, notices: [] }
      const needs = texts.get('requirements.txt')
      if (needs === undefined) return { kind: 'needs', paths: ['requirements.txt'] }
      return { kind: 'planned', plan: { needs }, notices: [] }
    },
    describe: () => 'plain shell',
    require: async ({ plan }) => {
      const needs = String(plan.needs)
      if (known.has(needs)) return { kind: 'known', imageKey: 'a'.repeat(64) }
      const buildId = String(nextBuild++) as BuildId
      const logId = await insertLog(sql)
      await appendLog(sql, logId, Buffer.from('Step 1/1 : FROM scratch\n'), NOW)
      building.resolve(buildId)
      return { kind: 'building', imageKey: 'b'.repeat(64), buildId, logId }
    },
    outcome: async (id) => ({
      state: ends.get(id) ?? 'running',
      problem: ends.get(id) === 'error' ? 'pip failed' : null,
    }),
  }
  let building = signal<BuildId>()
  return {
    ...images,
    /** The next build that begins. */
    begun: async () => {
      const id = await building.promise
      building = signal()
      return id
    },
    end: async (id: BuildId, state: 'success' | 'error') => {
      ends.set(id, state)
      await sql`select pg_notify('sluice', ${`build:${id}`})`
    },
  }
}

export function signal<Value>() {
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
