import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { AttemptId } from '../brand.ts'
import { certificateEnv } from '../environment/certificate-env.ts'
import { Refusal } from '../refusal.ts'
import type { Agents, Life } from '../spool/agents.ts'
import { type AttemptFolder, CERTIFICATES, type Owner } from '../spool/attempt-folder.ts'
import { awaitReady, TICK_MS } from '../spool/install-agent.ts'
import { isCode } from '../spool/planted.ts'

type Options = {
  readonly agent: string
  readonly owner: Owner
  readonly env: Readonly<Record<string, string>>
  readonly orphanMs: number
  readonly extraCa: string | null
}

/** Longer than the agent's own grace for the tasks that it ends. */
const END_MS = 8000

/** Agents as detached child processes. The bell is a fifo, so that the next worker can ring it too. */
export function openProcessAgents(options: Options): Agents {
  return {
    kind: 'process',
    owner: options.owner,
    inside: ({ workspace, spool }) => ({ workspace, spool }),
    check: async () => {},
    async start({ attemptId }, folder) {
      for (const mark of ['ready', 'orphaned']) await rm(join(folder.spool, mark), { force: true })
      const agentId = randomUUID()
      await hangBell(folder, agentId)
      const pid = await spawnAgent(options, folder)
      await writeFile(agentFile(folder), JSON.stringify({ agentId, pid }))
      const life = await awaitReady(attemptId, folder, look)
      if (life.kind === 'ended') throw cannotStart(life.why)
      return agentId
    },
    async ring(_, folder, line) {
      await ringBell(folder, line)
    },
    look,
    async end(_, folder) {
      const agent = await findAgent(folder)
      if (agent === undefined || !(await ringBell(folder, 'end'))) return
      const untilMs = Date.now() + END_MS
      while (isAlive(agent.pid) && Date.now() < untilMs) await delay(20)
      if (isAlive(agent.pid)) process.kill(-agent.pid, 'SIGKILL')
      await rm(agentFile(folder), { force: true })
    },
    list: async () => [],
    leave: () => {},
  }
}

async function look(_: AttemptId, folder: AttemptFolder): Promise<Life> {
  const agent = await findAgent(folder)
  if (agent !== undefined && isAlive(agent.pid)) return { kind: 'running', agentId: agent.agentId }
  return { kind: 'ended', why: 'the process that ran its attempt has ended', isOutOfMemory: false }
}

/** Nothing of the worker's own environment but what a program needs to run. */
function allowedEnv({ env, extraCa }: Options, folder: AttemptFolder): Record<string, string> {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8' } = process.env
  const trust = extraCa === null ? {} : certificateEnv(join(folder.spool, CERTIFICATES))
  return { PATH, LANG, HOME: folder.workspace, TMPDIR: join(folder.workspace, '.tmp'), ...env, ...trust }
}

async function spawnAgent(options: Options, folder: AttemptFolder): Promise<number> {
  const { agent, owner, orphanMs } = options
  // For reading and writing: so the open does not wait for the other end, and the bell never ends while the agent lives.
  const ear = await open(bell(folder), constants.O_RDWR)
  try {
    const child = spawn('/bin/sh', [agent, folder.spool, String(Math.ceil(orphanMs / TICK_MS))], {
      detached: true,
      cwd: folder.workspace,
      env: allowedEnv(options, folder),
      stdio: [ear.fd, 'ignore', 'ignore'],
      ...(process.getuid?.() === 0 ? owner : {}),
    })
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    child.unref()
    return child.pid ?? 0 // a spawned child has one
  } catch (error) {
    throw cannotStart(error instanceof Error ? error.message : String(error))
  } finally {
    await ear.close()
  }
}

/** Under a name of its own first: the mkfifo of a worker that was killed may come after our look. */
async function hangBell(folder: AttemptFolder, agentId: string): Promise<void> {
  const fresh = join(folder.root, `bell-${agentId}`)
  await run('mkfifo', ['-m', '600', fresh])
  await rename(fresh, bell(folder))
}

/** False when nobody listens. */
async function ringBell(folder: AttemptFolder, line: string): Promise<boolean> {
  try {
    const file = await open(bell(folder), constants.O_WRONLY | constants.O_NONBLOCK)
    await file.write(`${line}\n`).finally(() => file.close())
    return true
  } catch (error) {
    // EAGAIN: the fifo is full, and the tick will find what it would have said.
    if (isCode(error, 'ENXIO', 'ENOENT', 'EAGAIN', 'EPIPE')) return false
    throw error
  }
}

/** Half a file, whose writer was killed or had no room, names no agent. */
async function findAgent(folder: AttemptFolder): Promise<{ agentId: string; pid: number } | undefined> {
  try {
    return JSON.parse(await readFile(agentFile(folder), 'utf8')) as { agentId: string; pid: number } // we wrote it
  } catch (error) {
    if (isCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isCode(error, 'EPERM')
  }
}

const bell = (folder: AttemptFolder) => join(folder.root, 'bell')
const agentFile = (folder: AttemptFolder) => join(folder.root, 'agent.json')
const cannotStart = (why: string) =>
  new Refusal('unavailable', `The process for this attempt could not be started: ${why}`, 'Look at the worker machine.')
const run = promisify(execFile)
