import type { TaskEvent } from '../attempt/decide.ts'
import type { Digest, LogId } from '../brand.ts'
import { appendLog, appendLogAt, closeLog, getLogState } from '../db/logs.ts'
import { leavePlaceIfUnused } from '../db/places.ts'
import { isDatabaseAway, type Sql } from '../db/sql.ts'
import { findTaskOrder, listParamLayers, type TaskOrder } from '../db/task-orders.ts'
import { findTaskRun, insertTaskRun } from '../db/task-runs.ts'
import { beginTaskIfClaimed, type Claim, type MovedTask } from '../db/tasks.ts'
import { lastWords } from '../log/last-words.ts'
import { taskLine } from '../log/task-lines.ts'
import type { Conclusion, RunStep } from '../operators/operator.ts'
import { Refusal } from '../refusal.ts'
import type { Executor, Exit, Limits, Run } from '../spool/executor.ts'
import type { EnsureImage } from './ensure-image.ts'
import { exitCause } from './exit-cause.ts'
import { type AttemptPorts, type Finished, finishTask } from './finish-task.ts'
import type { Leases } from './leases.ts'
import { errorOf, type PlannedTask, type PlanPorts, planTask } from './plan-task.ts'

/** A revision's files on this worker. */
type Source = {
  /** Copies them into `folder`. */
  unpack(folder: string): Promise<void>
  /** A text of theirs; undefined when there is none. */
  read(path: string): string | undefined
}

export type RunPorts = AttemptPorts &
  Omit<PlanPorts, 'readProject'> & {
    readonly executor: Executor
    readonly openSource: (digest: Digest) => Promise<Source>
    /** Builds what this worker's engine lacks. Left out, it must be there. */
    readonly ensureImage?: EnsureImage
    readonly leases: Leases
    readonly now: () => Date
  }

export type RunOptions = {
  readonly workerId: string
  readonly workerName: string
  readonly queues: readonly string[]
  readonly leaseSeconds: number
  readonly limits: Limits
  readonly logBytes: number
  readonly timeMs: number
  readonly graceMs: number
}

/** One start of one task, from its claim to its result. */
export type Running = {
  readonly claim: Claim
  readonly order: TaskOrder
  readonly run: Run
  readonly logId: LogId
  readonly startedAt: Date
  /** This start was begun by us just now: nothing of it can be anywhere yet. */
  readonly isFresh: boolean
  readonly planned: PlannedTask
  readonly source: Source
  readonly stop: Stop
}

/** Somebody wants this run to end: it may come before the command has been started. */
export type Stop = { isAsked: boolean; isStarted: boolean }

/** What is known before it has begun. */
type Prepared = Omit<Running, 'logId' | 'startedAt' | 'isFresh' | 'stop'>

/** An order's files take a moment; an engine that is away takes longer. */
const AGAIN_MS = 5000
const OUTPUT_BYTES = 4 * 2 ** 20

/** Loads what a claim is about; undefined: it is no longer ours. */
export async function findOrder(ports: RunPorts, claim: Claim): Promise<Prepared | undefined> {
  const order = await findTaskOrder(ports.sql, claim)
  if (order === undefined) return undefined
  const layers = await listParamLayers(ports.sql, order)
  const source = await ports.openSource(order.sourceDigest)
  const planned = planTask({ ...ports, readProject: (path) => source.read(path) }, order, layers)
  return { claim, order, run: runOf(claim), planned, source }
}

export const runOf = ({ attemptId, id, epoch }: Claim): Run => ({ attemptId, taskId: id, epoch })

/**
 * Makes ready the place, when a command is to run. Postponed: nothing can run here for the moment, and nothing is used up.
 * A command that was posted before goes on, or is harvested, even if its place cannot be opened for the moment: postponed, it would start a second time.
 */
export async function openPlace(ports: RunPorts, options: RunOptions, prepared: Prepared): Promise<TaskEvent | null> {
  if (prepared.planned.step.kind !== 'run') return null
  const blocked = await findBlock(ports, options, prepared)
  return blocked !== null && (await ports.executor.state(prepared.run)) === 'absent' ? blocked : null
}

async function findBlock(ports: RunPorts, options: RunOptions, prepared: Prepared): Promise<TaskEvent | null> {
  const { order, source } = prepared
  const isDocker = ports.executor.kind === 'docker'
  const why = `The image of this revision is not here: ${order.imageKey ?? 'it has none'}.`
  if (isDocker && order.image === null) return postponed(ports, why)
  const image = isDocker ? order.image : null
  const isRootReadOnly = order.plan.kind !== 'dockerfile'
  const place = { attemptId: order.attemptId, image, isRootReadOnly, limits: options.limits }
  try {
    if (image !== null && order.imageKey !== null)
      await ports.ensureImage?.({
        imageKey: order.imageKey,
        tag: image,
        plan: order.plan,
        sourceDigest: order.sourceDigest,
      })
    await ports.executor.open(place, (folder) => source.unpack(folder))
    return null
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code === 'unavailable') return postponed(ports, error.message)
    return wentWrong(prepared, `${error.message} ${error.hint}`)
  }
}

const postponed = ({ now }: RunPorts, exitCause: string): TaskEvent => ({
  kind: 'postponed',
  retryAt: new Date(now().getTime() + AGAIN_MS),
  exitCause,
})

/** Writes down that the task is started, before it is. Throws StaleClaim when it is no longer ours. */
export async function begin(
  ports: RunPorts,
  options: RunOptions,
  { claim, order, planned }: Prepared,
): Promise<Pick<Running, 'logId' | 'isFresh' | 'startedAt'>> {
  const now = ports.now()
  const source = lineSource(options, order)
  const isHead = order.isFirstRun && planned.headline !== null
  const head = isHead ? taskLine(source, 'INFO', planned.headline ?? '', now) : ''
  const text = planned.step.kind === 'log' ? planned.step.text : ''
  const unused =
    planned.step.kind === 'fail' ? [] : planned.unused.map((words) => taskLine(source, 'ERROR', words, now))
  return ports.sql.begin(async (tx) => {
    const before = await findTaskRun(tx, claim)
    if (before !== undefined) return { logId: before.logId, startedAt: before.startedAt, isFresh: false } // adopted
    const logId = await insertTaskRun(
      tx,
      claim,
      { workerId: options.workerId, head: head + text + unused.join('') },
      now,
    )
    const { isRetryable, retry } = planned
    if (!(await beginTaskIfClaimed(tx, claim, { logId, isRetryable, retry }, now))) throw new StaleClaim()
    return { logId, startedAt: now, isFresh: true }
  })
}

/** The task has gone on without us. */
export class StaleClaim extends Error {
  override readonly name = 'StaleClaim'
}

const lineSource = ({ workerName }: RunOptions, { projectName, sessionId, attemptId, fullName }: TaskOrder) => ({
  worker: workerName,
  projectName,
  sessionId,
  attemptId,
  fullName,
})

/** Does what the step says and tells how it ended. */
export async function act(ports: RunPorts, options: RunOptions, running: Running): Promise<TaskEvent> {
  const { step } = running.planned
  if (running.stop.isAsked && step.kind !== 'run') return NOT_STARTED
  switch (step.kind) {
    case 'run':
      return runCommand(ports, options, running, step)
    case 'fail':
      return { kind: 'failed', error: errorOf(step) }
    case 'subtasks':
      return { kind: 'succeeded', result: NO_RESULT, subtasks: step.tree }
    case 'log':
    case 'nothing':
      return { kind: 'succeeded', result: NO_RESULT, subtasks: null }
  }
}

const NO_RESULT = { store: {}, export: {}, reset: [] }
/** Told to stop before anything ran: canceled with its attempt, or another's by now. */
const NOT_STARTED: TaskEvent = { kind: 'lost', exitCause: 'stopped before it started' }

async function runCommand(ports: RunPorts, options: RunOptions, running: Running, step: RunStep): Promise<TaskEvent> {
  const { executor } = ports
  const { run, stop, isFresh } = running
  const { isRetryable } = running.planned
  const timeoutMs = options.timeMs
  if (isFresh || (await executor.state(run)) === 'absent') {
    if (stop.isAsked) return NOT_STARTED
    const { argv, files, env, cwd } = step
    await executor.start(run, { argv, files, env, cwd, timeoutMs, isRetryable })
  }
  stop.isStarted = true
  if (stop.isAsked) await executor.kill(run, options.graceMs)
  const taken = isFresh ? 0 : (await retryWhileAway(ports.leases, () => getLogState(ports.sql, running.logId))).taken
  const exit = await executor.follow(run, taken, takeOutput(ports, options, running, taken), {
    capBytes: options.logBytes,
  })
  return eventOf(ports, running, step, exit)
}

/** Appends at the offset that the log has come to: after a restart, or a lost answer, no byte is stored twice. */
function takeOutput({ sql, leases, now }: RunPorts, options: RunOptions, { logId }: Running, start: number) {
  let offset = start
  return async (bytes: Uint8Array): Promise<void> => {
    await retryWhileAway(leases, async () => {
      const append = { offset, bytes, capBytes: options.logBytes }
      if (await sql.begin((tx) => appendLogAt(tx, logId, append, now()))) return
      const { taken } = await getLogState(sql, logId)
      if (taken !== offset + bytes.length) throw new StaleClaim()
    })
    offset += bytes.length
  }
}

async function eventOf(ports: RunPorts, running: Running, step: RunStep, exit: Exit): Promise<TaskEvent> {
  const { executor, sql, leases } = ports
  const findOrder = () => retryWhileAway(leases, () => findTaskOrder(sql, running.claim))
  const order = exit.kind === 'killed' ? await findOrder() : undefined
  const cause = exitCause(exit, order?.cancelRequestedBy ?? null)
  switch (exit.kind) {
    case 'exited':
      return { ...(await conclude(executor, running, step, exit.code)), exitCause: cause }
    case 'unstarted':
      return postponed(ports, cause)
    case 'lost':
      return { kind: 'lost', exitCause: cause }
    case 'killed':
      if (order?.cancelRequestedBy) return { kind: 'canceled', exitCause: cause }
      return { ...wentWrong(running, `Command was ${cause} (runtime)`), exitCause: cause }
    case 'out_of_memory':
    case 'timed_out':
      return { ...wentWrong(running, `Command ended: ${cause} (runtime)`), exitCause: cause }
  }
}

async function conclude(executor: Executor, running: Running, step: RunStep, code: number) {
  try {
    return told(running, step.conclude(code, await executor.readOutput(running.run, 'output.json', OUTPUT_BYTES)))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return wentWrong(running, `${error.message} ${error.hint} (runtime)`)
  }
}

const wentWrong = ({ planned: { where } }: Pick<Running, 'planned'>, message: string) =>
  ({ kind: 'failed', error: { message, stacktrace: where } }) as const

function told({ planned: { where } }: Running, conclusion: Conclusion) {
  if (conclusion.kind === 'failed')
    return { kind: 'failed', error: { stacktrace: where, ...conclusion.error } } as const
  const { store, export: exported, reset, subtasks } = conclusion
  return { kind: 'succeeded', result: { store, export: exported, reset }, subtasks } as const
}

/** The result, the last words of the log, and the attempt's next task for the same slot, in one transaction. */
export function finish(
  ports: RunPorts,
  options: RunOptions,
  { claim, order, logId, isLast }: { claim: Claim; order: TaskOrder; logId: LogId | null; isLast: boolean },
  event: TaskEvent,
): Promise<Finished> {
  const now = ports.now()
  const wordsOf = ({ error, state }: MovedTask) => {
    if (error == null) return ''
    const text = lastWords(order.fullName, error, state === 'retry_waiting')
    return taskLine(lineSource(options, order), 'ERROR', text, now)
  }
  const alongside = async (tx: Sql, own: MovedTask) => {
    if (event.kind === 'postponed') await leavePlaceIfUnused(tx, claim.attemptId, options.workerId)
    if (logId === null) return
    await appendLog(tx, logId, Buffer.from(wordsOf(own)), now)
    await closeLog(tx, logId, now)
  }
  const { workerId, queues, leaseSeconds } = options
  const next = isLast ? {} : { next: { workerId, queues, leaseSeconds } }
  return finishTask(ports, { claim, event, alongside, ...next }, now)
}

/** Tries again while PostgreSQL is away: what has run must not be lost because nobody could write it down. */
export async function retryWhileAway<T>(leases: Leases, act: () => Promise<T>): Promise<T> {
  for (;;) {
    await leases.trusted()
    try {
      return await act()
    } catch (error) {
      if (!isDatabaseAway(error)) throw error
      await leases.recovered(error)
    }
  }
}
