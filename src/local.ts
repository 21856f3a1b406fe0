import { randomUUID } from 'node:crypto'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCause } from './app/exit-cause.ts'
import { errorOf, type PlanFacts, type PlannedTask, planTask } from './app/plan-task.ts'
import type { TaskEvent } from './attempt/decide.ts'
import { MemoryAttempt, type MemoryTask } from './attempt/memory.ts'
import { isFinal } from './attempt/task.ts'
import { listUpstreams } from './attempt/upstreams.ts'
import type { AttemptId, ProjectId, SessionId, TaskId } from './brand.ts'
import type { Host, LocalRun } from './cli/tools.ts'
import { findEngine } from './docker/engine.ts'
import { openDockerExecutor } from './docker/open-docker-executor.ts'
import { openExpressions } from './expression/sandbox.ts'
import { printJson } from './json.ts'
import { OPERATORS } from './operators/all.ts'
import type { Operator, RunStep } from './operators/operator.ts'
import { openProcessExecutor } from './process/open-process-executor.ts'
import { Refusal } from './refusal.ts'
import type { Executor, Limits, Run } from './spool/executor.ts'
import { folderSource, type Source } from './spool/sources.ts'
import type { ParamLayer } from './workflow/params.ts'
import { planTree } from './workflow/tree.ts'
import type { Expressions } from './workflow/workflow.ts'
import { formatInZone, getZone } from './workflow/zone.ts'

/** Of this machine, and of Sluice's home on it. */
type Place = {
  /** Where executors keep their attempts; other users must be able to enter it. */
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  /** PEM file with certificates that tasks trust too. */
  readonly extraCa: string | null
  readonly limits: Limits
  readonly now: () => Date
}

/** Never part of what tasks see, as little as it is of a push. */
const SKIPPED: ReadonlySet<string> = new Set(['.git', '.sluice'])
const ORPHAN_MS = 60_000

/** Runs a workflow of a folder, as processes or in containers of an image. What its tasks left in their workspace is kept in `.sluice/workspace`. */
export async function runHere(place: Place, run: LocalRun, signal: AbortSignal): Promise<LocalOutcome> {
  const executor = await openExecutor(place, run.image)
  const expressions = await openExpressions()
  try {
    return await runLocally({ ...place, executor, expressions, operators: OPERATORS }, run, signal)
  } finally {
    expressions.close()
    executor.leave()
  }
}

async function openExecutor({ home, env, extraCa }: Place, image: string | null) {
  const options = { home, env, extraCa, orphanMs: ORPHAN_MS }
  if (image === null) return openProcessExecutor(options)
  const engine = await findEngine()
  if (engine instanceof Refusal) throw engine
  return openDockerExecutor({ ...options, docker: engine.docker, installation: 'local' })
}

type LocalOutcome = Awaited<ReturnType<Host['runLocally']>>

type LocalPorts = Place & {
  readonly executor: Executor
  readonly expressions: Expressions
  readonly operators: ReadonlyMap<string, Operator>
}

/** Tasks that run at once. */
const SLOTS = 4
const OUTPUT_BYTES = 4 * 2 ** 20
const GRACE_MS = 5_000
const ATTEMPT = '1' as AttemptId // there is only this one in its executor's home

/** An attempt while it is folded. */
type Fold = LocalPorts &
  LocalRun & {
    readonly readProject: (path: string) => string | undefined
    readonly attempt: MemoryAttempt
    readonly sessionUuid: string
    /** Tasks until their event has been folded. */
    readonly running: Map<TaskId, Promise<void>>
    /** Their commands. Every start has an epoch of its own: a retried task comes back under the same id. */
    readonly runs: Map<TaskId, Run>
    readonly signal: AbortSignal
  }

/** By the same decisions as on a server, and without one. `signal` is Ctrl-C: what runs is stopped. */
async function runLocally(ports: LocalPorts, run: LocalRun, signal: AbortSignal): Promise<LocalOutcome> {
  const tree = planTree(run.workflow.config, `+${run.workflow.name}`)
  if (!tree.ok) throw new Refusal('invalid', tree.message, 'See where: sluice check')
  const source = folderSource(run.folder, SKIPPED)
  const attempt = new MemoryAttempt(tree.tasks)
  const maps = { running: new Map<TaskId, Promise<void>>(), runs: new Map<TaskId, Run>() }
  const fold: Fold = { ...ports, ...run, ...maps, readProject: source.read, attempt, sessionUuid: randomUUID(), signal }
  const stop = () => void stopAll(fold)
  signal.addEventListener('abort', stop)
  try {
    await foldToEnd(fold, source)
    const { state } = attempt.root
    return state === 'success' || state === 'canceled' ? state : 'error'
  } finally {
    signal.removeEventListener('abort', stop)
    await ports.executor.close(ATTEMPT)
    await Promise.allSettled(fold.running.values())
  }
}

async function foldToEnd(fold: Fold, source: Source): Promise<void> {
  const { attempt, executor, image, limits, folder } = fold
  let workspace = ''
  await executor.open({ attemptId: ATTEMPT, image, isRootReadOnly: false, limits }, async (path) => {
    workspace = path
    await source.unpack(path)
  })
  while (!isFinal(attempt.root.state)) {
    wakeDue(fold)
    startReady(fold)
    await nextEvent(fold)
  }
  const kept = join(folder, '.sluice', 'workspace')
  await rm(kept, { recursive: true, force: true })
  await cp(workspace, kept, { recursive: true, verbatimSymlinks: true })
}

function wakeDue({ attempt, now }: Fold): void {
  const at = now()
  for (const { id, retryAt } of attempt.tasks)
    if (retryAt !== null && retryAt <= at) attempt.happen(id, { kind: 'due' }, at)
}

function startReady(fold: Fold): void {
  const { attempt, running } = fold
  const ready = attempt.tasks.filter(({ id, state }) => state === 'ready' && !running.has(id))
  for (const task of ready.slice(0, SLOTS - running.size))
    running.set(
      task.id,
      runTask(fold, task).finally(() => running.delete(task.id)),
    )
}

/** A task that ends, or the end of a delay. */
async function nextEvent({ attempt, running, now }: Fold): Promise<void> {
  const delays = attempt.tasks.flatMap(({ retryAt }) => (retryAt === null ? [] : [retryAt.getTime() - now().getTime()]))
  if (running.size === 0 && delays.length === 0) throw new Error('the attempt stands still')
  const timer = new AbortController()
  const delay = delays.length === 0 ? [] : [wait(Math.min(...delays), timer.signal)]
  await Promise.race([...running.values(), ...delay])
  timer.abort()
}

const wait = (ms: number, signal: AbortSignal) => sleep(Math.max(0, ms), undefined, { signal }).catch(() => {}) // told to stop: nobody waits any more

async function runTask(fold: Fold, task: MemoryTask): Promise<void> {
  const { attempt, tell, now } = fold
  const planned = planTask(fold, factsOf(fold, task), layersOf(attempt, task))
  attempt.begin(task.id, planned)
  tell(task.fullName, 'running', null)
  const event = await act(fold, task, planned)
  attempt.happen(task.id, event, now())
  tell(task.fullName, attempt.get(task.id).state, whyOf(event))
  await keepStatus(fold, attempt.get(task.id), event)
}

function whyOf(event: TaskEvent): string | null {
  if (event.kind === 'failed') return event.exitCause ?? event.error.message
  return 'exitCause' in event ? (event.exitCause ?? null) : null
}

async function act(fold: Fold, task: MemoryTask, { step, where }: PlannedTask): Promise<TaskEvent> {
  switch (step.kind) {
    case 'run':
      return runCommand(fold, task, { step, where })
    case 'fail':
      return { kind: 'failed', error: errorOf(step) }
    case 'subtasks':
      return { kind: 'succeeded', result: NO_RESULT, subtasks: step.tree }
    case 'log':
      fold.write(task.fullName, Buffer.from(step.text))
      return { kind: 'succeeded', result: NO_RESULT, subtasks: null }
    case 'nothing':
      return { kind: 'succeeded', result: NO_RESULT, subtasks: null }
  }
}

const NO_RESULT = { store: {}, export: {}, reset: [] }

type Command = { readonly step: RunStep; readonly where: string }

async function runCommand(fold: Fold, task: MemoryTask, { step, where }: Command): Promise<TaskEvent> {
  const { executor, runs, write, signal } = fold
  const epoch = String(Number(runs.get(task.id)?.epoch ?? 0) + 1)
  const run = { attemptId: ATTEMPT, taskId: task.id, epoch }
  runs.set(task.id, run)
  const { argv, files, env, cwd } = step
  const isRetryable = true // nothing takes up a local run again
  await executor.start(run, { argv, files, env, cwd, timeoutMs: null, isRetryable })
  const exit = await executor.follow(run, 0, async (bytes) => write(task.fullName, bytes))
  const cause = exitCause(exit, null)
  if (exit.kind === 'killed' && signal.aborted) return { kind: 'canceled', exitCause: 'stopped' }
  if (exit.kind !== 'exited')
    return {
      kind: 'failed',
      error: { message: `Command ended: ${cause} (runtime)`, stacktrace: where },
      exitCause: cause,
    }
  const conclusion = step.conclude(exit.code, await executor.readOutput(run, 'output.json', OUTPUT_BYTES))
  if (conclusion.kind === 'failed')
    return { kind: 'failed', error: { stacktrace: where, ...conclusion.error }, exitCause: cause }
  const { store, export: exported, reset, subtasks } = conclusion
  return { kind: 'succeeded', result: { store, export: exported, reset }, subtasks, exitCause: cause }
}

async function stopAll({ attempt, running, runs, executor }: Fold): Promise<void> {
  attempt.cancel()
  const commands = [...running.keys()].flatMap((id) => runs.get(id) ?? [])
  await Promise.all(commands.map((run) => executor.kill(run, GRACE_MS)))
}

/** What a server reads from its rows. */
function factsOf({ workflow, sessionTime, sessionUuid, params }: Fold, { fullName, config }: MemoryTask): PlanFacts {
  return {
    fullName,
    config,
    attemptId: ATTEMPT,
    attemptParams: params,
    retryName: '',
    sessionId: '1' as SessionId,
    sessionUuid,
    sessionTime,
    projectId: '1' as ProjectId,
    timezone: workflow.timezone,
  }
}

/** As a server reads them from its rows. */
function layersOf(attempt: MemoryAttempt, task: MemoryTask): readonly ParamLayer[] {
  return pathTo(attempt, task).flatMap((node) => {
    const before = listUpstreams(node.id, (id) => attempt.get(id).upstreams).flatMap((id) => storesOf(attempt, id))
    const own = [{ params: node.exported }, { params: node.store, reset: node.reset }]
    return [...before, { params: node.exports }, ...(node.id === task.id ? [] : own)]
  })
}

const pathTo = (attempt: MemoryAttempt, task: MemoryTask): readonly MemoryTask[] =>
  task.parentId === null ? [task] : [...pathTo(attempt, attempt.get(task.parentId)), task]

/** Its own, and those of all below it. */
function storesOf(attempt: MemoryAttempt, id: TaskId): readonly ParamLayer[] {
  const { store, reset } = attempt.get(id)
  const below = attempt.tasks.filter(({ parentId }) => parentId === id)
  return [{ params: store, reset }, ...below.flatMap((child) => storesOf(attempt, child.id))]
}

/** One file a task, as Digdag keeps them: `.sluice/status/20260328T000000+0900/+daily+say.json`. */
async function keepStatus({ folder, workflow, sessionTime }: Fold, task: MemoryTask, event: TaskEvent): Promise<void> {
  const time = formatInZone(getZone(workflow.timezone), sessionTime.getTime())
  const session = time.slice(0, 19).replaceAll(/[-:]/g, '') + time.slice(19).replace(':', '')
  const status = join(folder, '.sluice', 'status', session)
  await mkdir(status, { recursive: true })
  const { fullName, state, store, exported } = task
  const error = event.kind === 'failed' ? event.error : null
  const text = printJson({ fullName, state, storeParams: store, exportParams: exported, error }, 2)
  await writeFile(join(status, `${fullName.replaceAll('/', '_')}.json`), `${text}\n`)
}
