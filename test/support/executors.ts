import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttemptId, TaskId } from '../../src/brand.ts'
import { findEngine } from '../../src/docker/engine.ts'
import { openDockerExecutor } from '../../src/docker/open-docker-executor.ts'
import { openProcessExecutor } from '../../src/process/open-process-executor.ts'
import { Refusal } from '../../src/refusal.ts'
import type { Command, Executor, Exit, Place, Run } from '../../src/spool/executor.ts'

const IMAGE = 'sluice/base'
export const ADAPTERS = ['docker', 'process'] as const
export type Adapter = (typeof ADAPTERS)[number]

export type Stage = {
  readonly executor: Executor & { leave(): void }
  readonly home: string
  readonly installation: string
  close(): Promise<void>
}

type Settings = { orphanMs?: number; env?: Record<string, string>; extraCa?: string | null; network?: string }

/** An executor with a home and an installation of its own; `close` takes away all that it made. */
export async function openStage(adapter: Adapter, settings: Settings = {}): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-executor-'))
  const executor = await openAdapter(adapter, home, settings)
  return {
    executor,
    home,
    installation: installationOf(home),
    async close() {
      for (const attemptId of await executor.attempts()) await executor.close(attemptId)
      executor.leave()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Opened twice over one home it stands for a worker and its successor. */
export async function openAdapter(
  adapter: Adapter,
  home: string,
  { orphanMs = 900_000, env = {}, extraCa = null, network = 'sluice-tasks' }: Settings = {},
): Promise<Executor & { leave(): void }> {
  await mkdir(home, { recursive: true })
  const worker = join(home, 'worker')
  if (adapter === 'process') {
    await chmod(home, 0o711) // a temporary folder is 0700, and tasks of root run as somebody else
    return openProcessExecutor({ home: worker, env, orphanMs, extraCa })
  }
  const { docker } = await getEngine()
  return openDockerExecutor({
    docker,
    home: worker,
    installation: installationOf(home),
    env,
    orphanMs,
    extraCa,
    network,
  })
}

export const installationOf = (home: string) =>
  `test${home
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(-8)
    .toLowerCase()}`

/** As the engine's filter by name takes it: an expression. The worker's own part of the name is its folder's. */
export const containerName = ({ installation }: Pick<Stage, 'installation'>, attemptId: string) =>
  `^/sluice-${installation}-[0-9a-f]{6}-${attemptId}$`

export async function getEngine() {
  const engine = await findEngine()
  if (engine instanceof Refusal) throw engine
  return engine
}

export const placeOf = (attemptId: string, overrides: Partial<Place> = {}): Place => ({
  attemptId: attemptId as AttemptId,
  image: IMAGE,
  isRootReadOnly: true,
  limits: { memoryBytes: 256 * 2 ** 20, cpus: 1, pids: 256 },
  ...overrides,
})

export const runOf = (attemptId: string, taskId: string, epoch = '1'): Run => ({
  attemptId: attemptId as AttemptId,
  taskId: taskId as TaskId,
  epoch,
})

export const shell = (script: string, overrides: Partial<Command> = {}): Command => ({
  argv: ['/bin/sh', '-c', script],
  env: {},
  cwd: '.',
  files: {},
  timeoutMs: null,
  isRetryable: false,
  ...overrides,
})

export const unpackNothing = async () => {}

export async function unpackHello(folder: string): Promise<void> {
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'hello.txt'), 'hello from the workspace\n')
}

/** Starts the command and follows it to its end. */
export async function runToEnd(
  executor: Executor,
  run: Run,
  command: Command,
  capBytes?: number,
): Promise<{ exit: Exit; output: string }> {
  await executor.start(run, command)
  return followToEnd(executor, run, capBytes)
}

export async function followToEnd(
  executor: Executor,
  run: Run,
  capBytes?: number,
): Promise<{ exit: Exit; output: string }> {
  const parts: Uint8Array[] = []
  const take = async (bytes: Uint8Array) => {
    parts.push(bytes)
  }
  const exit = await executor.follow(run, 0, take, capBytes === undefined ? undefined : { capBytes })
  return { exit, output: Buffer.concat(parts).toString() }
}

/** Follows in the background; `seen` resolves when the output holds `text`. */
export function listen(executor: Executor, run: Run) {
  let output = ''
  let wake = () => {}
  const ended = executor.follow(run, 0, async (bytes) => {
    output += Buffer.from(bytes).toString()
    wake()
  })
  return {
    ended,
    output: () => output,
    async seen(text: string): Promise<void> {
      while (!output.includes(text)) await new Promise<void>((resolve) => (wake = resolve))
    },
  }
}
