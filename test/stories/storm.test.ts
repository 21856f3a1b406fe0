import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AttemptAnswer, TaskAnswer } from '../../src/http/api/answers.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { makeWorkflows, openDice, openStormStores, watchLedgers } from '../support/storm.ts'
import { eventually, logOf, makeProject, must, type Project, STORY_MS, tasksOf } from '../support/story.ts'

/** Of faults, over all storms; healing comes on top. */
const SECONDS = Number(process.env.SLUICE_TEST_STORM_SECONDS ?? 600)
const SEED = Number.parseInt(process.env.SLUICE_TEST_SEED ?? '', 10) || Date.now() % 2 ** 31
const HEAL_MS = 300_000
const WORKFLOWS = 12
/** How many attempts are kept going. */
const ACTIVE = 6
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const STORMS = [
  { backend: 'redis', executor: 'process', share: 0.35 },
  { backend: 'postgres', executor: 'process', share: 0.35 },
  { backend: 'redis', executor: 'docker', share: 0.3 },
] as const

// Random faults against real processes for minutes: ./scripts/test --long
describe.runIf(process.env.SLUICE_TEST_LONG === 'yes').each(STORMS)(
  'a storm over the $executor executor, with wake-ups on $backend [needs --long]',
  ({ backend, executor, share }) => {
    const dice = openDice(SEED)
    const said: string[] = []
    let stores: Awaited<ReturnType<typeof openStormStores>>
    let server: TestServer
    let project: Project
    let ledgers: ReturnType<typeof watchLedgers>

    beforeAll(async () => {
      stores = await openStormStores(backend)
      server = await startServer({ env: { ...stores.env, SLUICE_EXECUTOR: executor, SLUICE_SLOTS: '6' } })
      project = await makeProject(server, makeWorkflows(dice, WORKFLOWS))
      must(await project.push())
      ledgers = watchLedgers(server.home)
    }, STORY_MS)
    afterAll(async () => {
      await ledgers?.close()
      await server?.stop()
      await project?.remove()
      await stores?.close()
    }, STORY_MS)

    const restart = async () => {
      said.push(server.output())
      await server.restart()
    }
    const faults: Readonly<Record<string, () => Promise<unknown>>> = {
      'kill -9 of the server': async () => {
        await server.kill9()
        await restart()
      },
      'kill -9 of the server, away for a while': async () => {
        await server.kill9()
        await sleep(dice.between(1000, 15_000))
        await restart()
      },
      'kill -9 of the server while PostgreSQL restarts': async () => {
        const restarting = stores.restartDatabase()
        await server.kill9()
        await restarting
        await restart()
      },
      'stopped beyond its leases': async () => {
        server.signal('SIGSTOP')
        await sleep(12_000)
        server.signal('SIGCONT')
      },
      'PostgreSQL restarted': () => stores.restartDatabase(),
      ...(backend === 'redis' && {
        'Redis emptied': () => stores.flushRedis(),
        'Redis killed and restarted': () => stores.restartRedis(),
      }),
    }

    /** The answer, however often it takes; undefined when the time is over. */
    async function insist<Answer>(until: number, ask: () => Promise<Answer>): Promise<Answer | undefined> {
      while (Date.now() < until) {
        try {
          return await ask()
        } catch {
          await sleep(200) // away: that is what the storm is about
        }
      }
      return undefined
    }
    const send = async (method: string, path: string, body: object) => {
      const headers = { authorization: `Bearer ${await server.token()}`, 'content-type': 'application/json' }
      const answer = await fetch(`${server.url}/api${path}`, { method, body: JSON.stringify(body), headers })
      if (!answer.ok && answer.status !== 409) throw new Error(`${answer.status} ${await answer.text()}`)
      return (await answer.json()) as AttemptAnswer & { attempt?: AttemptAnswer }
    }
    const attempts = async (ids: readonly string[]) =>
      Promise.all(ids.map((id) => server.api<AttemptAnswer>(`/api/attempts/${id}`)))

    it(
      'starts nothing twice, loses nothing, and leaves nothing standing',
      async () => {
        const until = Date.now() + SECONDS * 1000 * share
        const offered: string[] = []
        const struck: string[] = []
        await Promise.all([offer(until, offered), strike(until, struck)])
        const ids = [...new Set(offered)]
        const before = await insist(Date.now() + HEAL_MS, () => attempts(ids))
        const doneBefore = before?.filter(({ done }) => done).length ?? 0
        const decided = await heal(ids)
        const ended = await attempts(ids)
        said.push(server.output())
        const starts = await checkLedgers(ended)
        console.log(
          `seed ${SEED} (again: SLUICE_TEST_SEED=${SEED}): ${struck.length} faults, ${ids.length} attempts, ${doneBefore} of them done in the storm, ${starts} tasks started, ${decided} unknown and decided`,
        )
        for (const fault of Object.keys(faults))
          console.log(`  ${struck.filter((one) => one === fault).length} x ${fault}`)
        expect(ended.filter(({ status }) => status === 'running' || status === 'killed')).toEqual([])
        if (decided === 0) expect(ended.filter(({ success }) => !success)).toEqual([])
        expect(said.join('\n')).not.toMatch(/unhandled|deadlock detected|MaxListeners|AssertionError/i)
        // Otherwise nothing was shown.
        expect(doneBefore).toBeGreaterThanOrEqual(Math.max(3, ids.length / 2))
        expect(struck.length).toBeGreaterThanOrEqual(Math.floor((SECONDS * share) / 60))
      },
      SECONDS * 1000 + 2 * HEAL_MS,
    )

    async function offer(until: number, offered: string[]) {
      const listed = await server.api<{ workflows: { id: string }[] }>(`/api/workflows?project=${project.name}`)
      const workflows = listed.workflows.map(({ id }) => id)
      let minute = 0
      while (Date.now() < until) {
        const active = (await insist(until, () => attempts(offered.slice(-3 * ACTIVE)))) ?? []
        if (active.filter(({ done }) => !done).length >= ACTIVE) {
          await sleep(300)
          continue
        }
        const sessionTime = new Date(Date.UTC(2026, 0, 1) + 60_000 * minute++).toISOString()
        const request = { workflowId: dice.pick(workflows), sessionTime, params: {} }
        const answer = await insist(until, () => send('PUT', '/attempts', request))
        const id = answer?.id ?? answer?.attempt?.id
        if (id !== undefined) offered.push(id)
      }
    }

    async function strike(until: number, struck: string[]) {
      while (Date.now() < until) {
        await sleep(dice.between(500, 6000))
        const fault = dice.pick(Object.keys(faults))
        await faults[fault]?.()
        struck.push(fault)
      }
    }

    /** Until everything has ended; a person decides about what is unknown. Gives how often. */
    async function heal(ids: readonly string[]): Promise<number> {
      let decided = 0
      const until = Date.now() + HEAL_MS
      while (Date.now() < until) {
        const open = (await attempts(ids)).filter(({ done }) => !done)
        if (open.length === 0) return decided
        for (const { id } of open)
          for (const task of (await tasksOf(server, id)).filter(({ state }) => state === 'unknown')) {
            await send('POST', `/tasks/${task.id}/decide`, { as: 'success' })
            decided += 1
          }
        await sleep(500)
      }
      const open = (await attempts(ids)).filter(({ done }) => !done)
      const standing = await Promise.all(open.map(async ({ id }) => (await tasksOf(server, id)).map(sayTask)))
      throw new Error(`${open.length} attempts stand still:\n${standing.flat().join('\n')}\n${server.output()}`)
    }

    const sayTask = ({ fullName, state, exitCause, error }: TaskAnswer) =>
      `${fullName} ${state} ${exitCause ?? ''} ${JSON.stringify(error)}`

    /** Gives how many starts there were. */
    async function checkLedgers(ended: readonly AttemptAnswer[]): Promise<number> {
      let starts = 0
      for (const { id, success } of ended) {
        const tasks = (await tasksOf(server, id)).filter(({ isGroup, fullName }) => !isGroup && !fullName.includes('^'))
        const lines = await ledgers.lines(id)
        expect(lines, `ledger of attempt ${id}: ${tasks.map(sayTask).join(', ')}`).toBeDefined()
        const count = (line: string) => lines?.filter((one) => one === line).length ?? 0
        starts += lines?.filter((line) => line.startsWith('start')).length ?? 0
        for (const task of tasks) {
          const name = task.fullName.split('+').at(-1) ?? ''
          if (name.startsWith('flaky')) continue // declared to be repeated
          const told = `${sayTask(task)} of attempt ${id}: ${lines?.join(', ')}`
          expect(count(`start ${name}`), told).toBeLessThanOrEqual(1)
          if (!success || task.exitCause !== 'exited with 0') continue
          expect([count(`start ${name}`), count(`end ${name}`)], told).toEqual([1, 1])
          await expectWholeLog(id, task, name)
        }
      }
      return starts
    }

    /** Every line once, in order, to the last one. */
    async function expectWholeLog(id: string, { fullName, config }: TaskAnswer, name: string) {
      const last = Number(
        String(config['sh>'] ?? config._command)
          .split(' ')
          .at(-1),
      )
      const expected = Array.from({ length: last }, (_, line) => `line ${line} of ${name}\n`).join('')
      const log = await eventually(async () => {
        const now = await logOf(server, id, fullName)
        return now === '' ? undefined : now
      })
      expect(log, `log of ${fullName} of attempt ${id}`).toBe(expected)
    }
  },
)
