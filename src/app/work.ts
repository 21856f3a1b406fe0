import { loadavg } from 'node:os'
import type { TaskEvent } from '../attempt/decide.ts'
import type { LogId } from '../brand.ts'
import { listOver } from '../db/attempts.ts'
import type { Hints } from '../db/hints.ts'
import { isDatabaseAway, isQuietlyAway } from '../db/sql.ts'
import { findTaskOrder, type TaskOrder } from '../db/task-orders.ts'
import { findTaskRun, listStrayRuns } from '../db/task-runs.ts'
import { type Claim, claimReadyTasks, listClaimsOfWorker } from '../db/tasks.ts'
import { beatWorker } from '../db/work-counts.ts'
import { drainWorker, type NewWorker, putWorker, putWorkerProblem, stopWorker } from '../db/workers.ts'
import type { Admission } from './admission.ts'
import { eventOfBreak } from './broken-run.ts'
import type { Finished } from './finish-task.ts'
import { hearCancels } from './hear-cancels.ts'
import { LEASE_SECONDS, Leases } from './leases.ts'
import {
  act,
  begin,
  findOrder,
  finish,
  openPlace,
  type RunOptions,
  type RunPorts,
  retryWhileAway,
  runOf,
  StaleClaim,
  type Stop,
} from './run-task.ts'
import { Tally } from './tally.ts'

export type WorkPorts = Omit<RunPorts, 'leases'> & {
  /** Left out, there is always room for more. */
  readonly admission?: Omit<Admission, 'tell'>
  readonly hints?: Pick<Hints, 'hear'>
  readonly report: (error: unknown) => void
  /** Leaves copies of the logs of starts: `owe` before its end is written, and `keep` after that, which is not waited for. */
  readonly copies?: { owe(claim: Claim): Promise<void>; keep(claim: Claim): void }
}

export type WorkOptions = Omit<RunOptions, 'workerId' | 'leaseSeconds'> &
  Omit<NewWorker, 'name' | 'executor'> & { readonly fenceMs: number }

export type Work = {
  readonly workerId: string
  /** Claims what is ready, up to the free slots, and returns; it never lasts as long as a task. */
  look(): Promise<void>
  /** Claims nothing more, and resolves when what runs has ended. */
  drain(): Promise<void>
  /** Lets go of everything and ends nothing: commands run on, and the next worker of this name adopts them. */
  close(): Promise<void>
}

/** How often workspaces of attempts that ended elsewhere are looked for. */
const TIDY_MS = 30_000

/** The worker's loop: claims, runs, takes up again what it held before a restart, keeps its leases, and goes from task to task of an attempt without a queue between. */
export async function openWork(ports: WorkPorts, options: WorkOptions): Promise<Work> {
  const workerId = await putWorker(
    ports.sql,
    { ...options, name: options.workerName, executor: ports.executor.kind },
    ports.now(),
  )
  const worker = new Worker(ports, { ...options, workerId, leaseSeconds: LEASE_SECONDS })
  await worker.open()
  return worker
}

class Worker implements Work {
  readonly workerId: string
  readonly #ports: RunPorts & WorkPorts
  readonly #options: WorkOptions & RunOptions
  readonly #leases: Leases
  readonly #running = new Set<Promise<void>>()
  readonly #tally = new Tally()
  #looking: Promise<void> | undefined
  #mustLookAgain = false
  #tidyAt = 0
  #isDraining = false
  #toldProblem: string | null = null
  #isClosed = false
  #letGo = () => {}
  readonly #closed = new Promise<'closed'>((resolve) => {
    this.#letGo = () => resolve('closed')
  })

  constructor(ports: WorkPorts, options: WorkOptions & RunOptions) {
    this.workerId = options.workerId
    this.#options = options
    const { sql, report } = ports
    const onRenewed = (wasAway: boolean) => this.#afterRenewal(wasAway)
    this.#leases = new Leases({ sql, report, onRenewed, workerId: options.workerId, fenceMs: options.fenceMs })
    this.#ports = { ...ports, leases: this.#leases }
  }

  async open(): Promise<void> {
    this.#ports.admission?.onChange(() => void this.#afterAdmission().catch(this.#reportUnlessAway))
    const deaf = this.#ports.hints?.hear(
      `worker:${this.workerId}`,
      () => void this.look().catch(this.#reportUnlessAway),
    )
    void this.#closed.then(deaf)
    await this.#leases.renew()
    await this.#adopt()
    await this.#leases.renew()
    void this.look().catch(this.#ports.report)
  }

  /** One at a time: a ring that comes in the middle of a claim makes it look once more, so that none is lost. */
  async look(): Promise<void> {
    this.#mustLookAgain = true
    this.#looking ??= this.#lookUntilSeen().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #lookUntilSeen(): Promise<void> {
    while (this.#mustLookAgain) {
      this.#mustLookAgain = false
      const limit = this.#options.slots - this.#running.size
      if (limit <= 0 || !this.#takesMore || !this.#leases.isTrusted) return
      const claim = { ...this.#options, limit }
      for (const one of await claimReadyTasks(this.#ports.sql, claim, this.#ports.now())) this.#start(one)
    }
  }

  get #takesMore(): boolean {
    return !this.#isDraining && (this.#ports.admission?.problem ?? null) === null
  }

  async drain(): Promise<void> {
    this.#isDraining = true
    await drainWorker(this.#ports.sql, this.workerId, this.#ports.now()).catch(this.#reportUnlessAway) // only to be seen
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async close(): Promise<void> {
    this.#isDraining = true
    this.#isClosed = true
    this.#leases.close()
    this.#letGo()
    await Promise.all(this.#running)
    try {
      await this.#beat()
      await stopWorker(this.#ports.sql, this.workerId, this.#ports.now())
    } catch (error) {
      if (!isDatabaseAway(error)) throw error
    }
  }

  /** Takes a slot until neither this task nor one that its attempt goes on with is left. */
  #start(first: Claim): void {
    if (this.#leases.isHeld(first)) return // adopted in the moment between its claim and our hearing of it
    const running = Promise.race([this.#runChain(first), this.#closed])
      .then(() => {}, this.#ports.report)
      .finally(() => {
        this.#running.delete(running)
        if (!this.#isDraining) void this.look().catch(this.#reportUnlessAway)
      })
    this.#running.add(running)
  }

  readonly #reportUnlessAway = (error: unknown) => {
    if (!isQuietlyAway(error)) this.#ports.report(error)
  }

  async #runChain(first: Claim): Promise<void> {
    for (let claim: Claim | undefined = first; claim !== undefined; ) claim = await this.#runOne(claim)
  }

  /** Gives the attempt's next task, if this slot is to go on with it. */
  async #runOne(claim: Claim): Promise<Claim | undefined> {
    if (this.#leases.isHeld(claim)) return undefined
    const stop: Stop = { isAsked: false, isStarted: false }
    let isRetryable = true
    const end = () => this.#stop(claim, stop)
    this.#leases.hold({ claim, onCancel: end, onGone: end, mayStartElsewhere: () => isRetryable })
    const lookForCancel = () => void this.#leases.hearCancels().catch(this.#reportUnlessAway)
    const deaf = hearCancels(this.#ports.hints, claim.attemptId, lookForCancel)
    try {
      return await this.#runHeld(claim, stop, (answer) => {
        isRetryable = answer
      })
    } catch (error) {
      if (this.#isClosed) return undefined // let go: what broke under us, our successor takes up
      if (isDatabaseAway(error)) {
        void this.#leases.recovered(error) // it is adopted when PostgreSQL is back
        return undefined
      }
      if (!(error instanceof StaleClaim)) return await this.#fail(claim, error)
      await this.#kill(claim)
      return undefined
    } finally {
      deaf()
      this.#leases.letGo(claim)
    }
  }

  async #runHeld(claim: Claim, stop: Stop, tellRetryable: (is: boolean) => void): Promise<Claim | undefined> {
    const ports = this.#ports
    const prepared = await retryWhileAway(this.#leases, () => findOrder(ports, claim))
    if (prepared === undefined) return undefined
    const blocked = await openPlace(ports, this.#options, prepared)
    if (blocked?.kind === 'postponed') return (await this.#finish({ ...prepared, logId: null }, blocked)).next
    tellRetryable(prepared.planned.isRetryable)
    const begun = await retryWhileAway(this.#leases, () => begin(ports, this.#options, prepared))
    if (begun.isFresh) this.#tally.started(prepared.order)
    const event = blocked ?? (await act(ports, this.#options, { ...prepared, ...begun, stop }))
    stop.isStarted = false
    const { next, isAttemptOver } = await this.#finish({ ...prepared, ...begun }, event)
    if (prepared.planned.step.kind === 'run') await ports.executor.discard(prepared.run)
    if (isAttemptOver) void ports.executor.close(claim.attemptId).catch(ports.report)
    return next
  }

  async #finish(
    running: { claim: Claim; order: TaskOrder; logId: LogId | null; startedAt?: Date | undefined },
    event: TaskEvent,
  ): Promise<Finished> {
    if (running.logId !== null) await this.#ports.copies?.owe(running.claim)
    const finished = await retryWhileAway(this.#leases, () =>
      finish(this.#ports, this.#options, { ...running, isLast: !this.#takesMore }, event),
    )
    if (running.logId !== null) this.#ports.copies?.keep(running.claim)
    if (running.startedAt !== undefined && finished.outcome === 'finished') {
      const ms = this.#ports.now().getTime() - running.startedAt.getTime()
      this.#tally.ended(running.order, { event, state: finished.state, ms })
    }
    return finished
  }

  /** A bug of ours, or an executor that broke its word: the command is ended, the task fails and says so, nothing waits for ever. */
  async #fail(claim: Claim, error: unknown): Promise<Claim | undefined> {
    const event = await eventOfBreak(this.#ports, runOf(claim), error)
    if (event.kind === 'failed') {
      this.#ports.report(error)
      await this.#kill(claim)
    }
    const order = await retryWhileAway(this.#leases, () => findTaskOrder(this.#ports.sql, claim))
    if (order === undefined) return undefined
    const run = await retryWhileAway(this.#leases, () => findTaskRun(this.#ports.sql, claim))
    const { logId = null, startedAt } = run ?? {}
    return (await this.#finish({ claim, order, logId, startedAt }, event)).next
  }

  #stop(claim: Claim, stop: Stop): void {
    stop.isAsked = true
    if (stop.isStarted) void this.#kill(claim)
  }

  async #kill(claim: Claim): Promise<void> {
    await this.#ports.executor.kill(runOf(claim), this.#options.graceMs).catch(this.#ports.report)
  }

  async #afterRenewal(wasAway: boolean): Promise<void> {
    await this.#beat()
    await this.#tellProblem()
    if (wasAway) void this.#comeBack().catch(this.#reportUnlessAway)
    if (performance.now() < this.#tidyAt) return
    this.#tidyAt = performance.now() + TIDY_MS
    void this.#tidy().catch(this.#reportUnlessAway)
  }

  async #beat(): Promise<void> {
    const load = { loadAverage: loadavg(), usage: process.resourceUsage() }
    await this.#tally.tell((counts) => beatWorker(this.#ports.sql, this.workerId, counts, load))
  }

  /** Said at once, and not with the next beat. */
  async #afterAdmission(): Promise<void> {
    await this.#tellProblem()
    await this.look()
  }

  /** Once; again with the next beat when it could not be written down. */
  async #tellProblem(): Promise<void> {
    const problem = this.#ports.admission?.problem ?? null
    if (problem === this.#toldProblem || this.#isClosed) return
    await putWorkerProblem(this.#ports.sql, this.workerId, problem)
    this.#toldProblem = problem
  }

  async #comeBack(): Promise<void> {
    await this.#adopt()
    await this.look()
  }

  /** What it held when it died, or claimed without hearing so, goes on where it was; what has gone on without it is ended. */
  async #adopt(): Promise<void> {
    for (const claim of await listStrayRuns(this.#ports.sql, this.workerId)) void this.#kill(claim)
    const claims = await listClaimsOfWorker(this.#ports.sql, this.workerId)
    for (const claim of claims) if (!this.#leases.isHeld(claim)) this.#start(claim)
  }

  async #tidy(): Promise<void> {
    const { executor, sql } = this.#ports
    for (const attemptId of await listOver(sql, await executor.attempts())) await executor.close(attemptId)
  }
}
