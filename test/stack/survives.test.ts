import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { QueueAnswer, WorkerAnswer } from '../../src/http/api/answers.ts'
import { type Forge, openForge } from '../support/forge.ts'
import { removeImages } from '../support/server.ts'
import { noStack, openStack, type Stack } from '../support/stack.ts'
import { watchLedgers } from '../support/storm.ts'
import {
  deliver,
  endOfAttempt,
  eventually,
  FILES,
  isReady,
  land,
  linesOf,
  logOf,
  openProject,
  type Project,
  TASKS,
  TOGETHER,
  tasksOf,
} from '../support/survival.ts'

/** From the fault to the end of everything that was going on; undisturbed it takes about 25 s, and a machine may be busy. */
const BOUND_MS = 120_000

/** Of this host on the engine's default bridge. A new engine does not tell its gateway before it has been restarted. */
function addressOfHost(): string {
  const [bridge] = JSON.parse(execFileSync('ip', ['-json', '-4', 'address', 'show', 'docker0'], { encoding: 'utf8' }))
  return bridge.addr_info[0].local
}

const isLong = process.env.SLUICE_TEST_LONG === 'yes'

/** A Dockerfile that no engine has built before, of about 20 s. */
const slowBuild = () => `FROM sluice/base
RUN echo ${randomBytes(8).toString('hex')} && for i in $(seq 20); do echo "building $i"; sleep 1; done
`

// The whole stack of compose.yaml, robbed of a part of it while it works: ./scripts/test --long
describe.runIf(isLong && noStack === undefined)('a stack that works [needs --long]', { timeout: 600_000 }, () => {
  const tag = randomBytes(4).toString('hex')
  const report: string[][] = [['fault', 'bound', 'attempt', 'push', '', 'webhooks', 'of these sent again']]
  let forge: Forge
  let stack: Stack
  let ledgers: ReturnType<typeof watchLedgers>
  let running: Project
  let built: Project
  let hooked: { readonly project: string; readonly secret: string }

  beforeAll(async () => {
    const address = addressOfHost()
    forge = await openForge(address, { 'hooked.dig': '+say:\n  echo>: hello\n' })
    stack = await openStack({ settings: { SLUICE_EXTRA_CA: forge.authority, SLUICE_PRIVATE_REMOTES: address } })
    await stack.compose('build')
    await stack.compose('up', '--detach')
    await eventually(() => isReady(stack))
    ledgers = watchLedgers(stack.home)
    running = await openProject(stack, `running-${tag}`, FILES)
    built = await openProject(stack, `built-${tag}`, { 'built.dig': '+say:\n  echo>: hello\n' })
    for (const project of [running, built]) expect(await project.startPush().ended).toMatchObject({ code: 0 })
    const project = `hooked-${tag}`
    const linked = await stack.api<{ newSecret: string }>(`/api/projects/${project}/link`, { url: forge.url })
    hooked = { project, secret: linked.newSecret }
  }, 900_000)

  afterAll(async () => {
    console.log(report.map((row) => `| ${row.join(' | ')} |`).join('\n'))
    await ledgers?.close()
    await stack?.stop()
    await forge?.close()
    await running?.remove()
    await built?.remove()
    for (const project of ['running', 'built', 'hooked']) await removeImages(`${project}-${tag}`)
  }, 120_000)

  const isRunning = async (id: string) => {
    const lines = (await ledgers.lines(id)) ?? []
    return TOGETHER.every((name) => lines.includes(`start ${name}`)) && !lines.some((line) => line === 'end once')
  }

  /** Kills all that runs in its container, which then ends; gives back when it was started again by itself. */
  async function kill9(part: string) {
    const before = await stack.inspect(part)
    await stack.exec(part, 'sh', '-c', 'kill -9 -1').catch(() => {}) // it takes the shell along
    await eventually(async () => {
      const { State, RestartCount } = await stack.inspect(part)
      return State.Running && RestartCount > before.RestartCount && State.StartedAt !== before.State.StartedAt
    })
  }

  const faults: Readonly<Record<string, (attempt: string) => Promise<unknown>>> = {
    'none, to compare': async () => {},
    'the web that has the push, killed (kill -9)': async () => {
      const parts = await Promise.all(['web1', 'web2'].map(async (web) => ({ web, runs: await stack.processes(web) })))
      const pushed = parts.filter(({ runs }) => runs.includes('receive-pack'))
      expect(pushed).toHaveLength(1)
      await kill9(pushed[0]?.web ?? '')
    },
    'the worker that has the tasks, killed (kill -9)': async (attempt) => {
      const looked = await Promise.all(
        ['worker1', 'worker2'].map(async (worker) => {
          const sockets = await stack.exec(worker, 'cat', '/proc/net/unix')
          const [, number] = /\/workers\/(\d+)\/lock\./.exec(sockets) ?? []
          return { worker, has: existsSync(join(stack.home, 'workers', `${number}`, 'attempts', attempt)) }
        }),
      )
      const busy = looked.filter(({ has }) => has)
      expect(busy).toHaveLength(1)
      await kill9(busy[0]?.worker ?? '')
    },
    'Redis emptied (flushall)': () =>
      stack.exec('redis', 'sh', '-c', 'REDISCLI_AUTH=$REDIS_PASSWORD redis-cli flushall'),
    'Redis restarted': () => stack.compose('restart', 'redis'),
    'PostgreSQL restarted': () => stack.compose('restart', 'postgres'),
    'HAProxy reloaded': async () => {
      const before = await stack.processes('haproxy')
      await stack.exec('haproxy', 'sh', '-c', 'kill -USR2 1')
      await eventually(async () => (await stack.processes('haproxy')) !== before)
    },
  }

  it.each(Object.entries(faults))('ends well all that was going on: %s', async (name, strike) => {
    const commit = await built.commit({ Dockerfile: slowBuild() })
    const push = built.startPush()
    const attempt = await running.start('steps')
    const deliveries = deliver(stack, forge, hooked)
    await eventually(async () => push.seen().includes('building 1') && (await isRunning(attempt)))

    const struckAt = performance.now()
    const seconds = () => `${((performance.now() - struckAt) / 1000).toFixed(0)} s`
    await strike(attempt)
    expect(await isRunning(attempt)).toBe(true) // otherwise nothing was shown
    const [ended, landed] = await Promise.all([
      endOfAttempt(stack, attempt).then(({ status }) => ({ status, after: seconds() })),
      land(built, push, commit).then((how) => ({ how, after: seconds() })),
    ])
    const { sent, again, without } = await deliveries.stop()
    report.push([name, `${BOUND_MS / 1000} s`, ended.after, landed.after, landed.how, `${sent}`, `${again}`])

    expect(performance.now() - struckAt).toBeLessThan(BOUND_MS)
    expect(ended.status).toBe('success')
    await expectOnce(attempt)
    expect(await eventually(() => built.published())).toBe(commit)
    expect(without).toEqual([])
    await expectStill()
  })

  /** By what the tasks themselves wrote. */
  async function expectOnce(attempt: string) {
    const lines = (await ledgers.lines(attempt)) ?? []
    const count = (line: string) => lines.filter((one) => one === line).length
    const tasks = await tasksOf(stack, attempt)
    for (const name of Object.keys(TASKS) as (keyof typeof TASKS)[]) {
      expect([name, count(`start ${name}`), count(`end ${name}`)], lines.join(', ')).toEqual([name, 1, 1])
      const fullName = tasks.find((task) => task.fullName.endsWith(`+${name}`))?.fullName ?? ''
      expect(await logOf(stack, attempt, fullName), `log of ${name}`).toBe(linesOf(name))
    }
  }

  /** Nothing waits, nothing goes on, and everybody is there. */
  async function expectStill() {
    await eventually(async () => {
      const { workers } = await stack.api<{ workers: WorkerAnswer[] }>('/api/workers')
      const { queues } = await stack.api<{ queues: QueueAnswer[] }>('/api/queues')
      const isIdle = workers.every(({ state, running, problem }) => state === 'online' && running === 0 && !problem)
      return isIdle && workers.length === 2 && queues.every(({ waiting }) => waiting === 0)
    })
    expect(await isReady(stack)).toBe(true)
  }

  it('has said nothing that only a bug says', async () => {
    const said = await stack.compose('logs', '--no-color', 'web1', 'web2', 'worker1', 'worker2')
    expect(said).not.toMatch(/unhandled|deadlock detected|MaxListeners|AssertionError/i)
  })
})
