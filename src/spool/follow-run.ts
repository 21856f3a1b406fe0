import { join } from 'node:path'
import type { Life } from './agents.ts'
import { type AttemptFolder, exists, runName, seal } from './attempt-folder.ts'
import type { Exit, Run } from './executor.ts'
import { drain, keepCut } from './output.ts'
import { readPlanted } from './planted.ts'
import { findNote, findStop, type RunNote } from './run-notes.ts'
import type { Changes } from './spool-watch.ts'
import { type RunPorts, stopRun } from './stop-run.ts'

type Following = {
  readonly offset: number
  readonly take: (bytes: Uint8Array) => Promise<void>
  readonly capBytes?: number
}

/** Events may be missed, engines may restart: a look at everything, this often. */
const LOOK_MS = 1000
const TIMEOUT_GRACE_MS = 10_000

export async function followRun(ports: RunPorts, run: Run, { offset, take, capBytes }: Following): Promise<Exit> {
  const end = capBytes === undefined ? Number.POSITIVE_INFINITY : capBytes + 1
  const note = await findNote(ports.folder, runName(run))
  if (note === undefined) return { kind: 'lost', why: 'nothing is known of its start' }
  const output = await ports.places.output(run)
  const cutter = output && Number.isFinite(end) ? keepCut(output, end) : undefined
  const changes = ports.places.watch(run.attemptId).on(`${runName(run)}.`)
  let at = offset
  const takeNew = async () => {
    if (output) at = await drain(output, at, end, take)
  }
  try {
    const exit = await untilOver(ports, run, note, changes, takeNew)
    if (exit.kind === 'exited') ports.places.sawAlive(run.attemptId)
    return exit
  } finally {
    changes.close()
    await cutter?.stop()
    await ports.places.letGo(run)
  }
}

async function untilOver(
  ports: RunPorts,
  run: Run,
  note: RunNote,
  changes: Changes,
  takeNew: () => Promise<void>,
): Promise<Exit> {
  const deadline = note.timeoutMs === null ? Number.POSITIVE_INFINITY : note.postedAtMs + note.timeoutMs
  let stopping: Promise<unknown> | undefined
  let lookAt = Date.now() + LOOK_MS
  let isGone: Life | undefined
  for (;;) {
    const seen = changes.count
    // The end is read before the output: what was written before the end is then in the file.
    const done = await findDone(ports.folder, run)
    await takeNew()
    if (done !== undefined) return await exitOf(ports.folder, run, note, done)
    if (isGone !== undefined) return await goneExit(ports.folder, run, note, isGone)
    if (Date.now() >= deadline && note.timeoutMs !== null) {
      stopping ??= settled(stopRun(ports, run, TIMEOUT_GRACE_MS, { cause: 'timed_out', afterMs: note.timeoutMs }))
    }
    if (Date.now() >= lookAt) {
      lookAt = Date.now() + LOOK_MS
      // One more turn after the agent has gone: it may have written the end just before.
      isGone = await findGone(ports, run, note)
      if (isGone !== undefined) continue
    }
    await changes.next(seen, Math.min(lookAt, stopping === undefined ? deadline : lookAt) - Date.now())
  }
}

/** What goes wrong with a stop is seen by the looks that follow it. */
const settled = (stop: Promise<void>) => Promise.allSettled([stop])

async function findGone({ agents, folder }: RunPorts, run: Run, note: RunNote): Promise<Life | undefined> {
  const life = await agents.look(run.attemptId, folder)
  if (life.kind === 'unknown' || (life.kind === 'running' && life.agentId === note.agentId)) return undefined
  return life
}

/** "CODE", "CODE oom" or "CODE orphaned" and a newline: without the newline its writer has not finished. */
async function findDone(folder: AttemptFolder, run: Run): Promise<Done | undefined> {
  const text = await readPlanted(join(folder.spool, `${runName(run)}.done`), 64)
  const [, code, cause] = /^(\d{1,3})(?: (oom|orphaned))?\n/.exec(text ?? '') ?? []
  return code === undefined ? undefined : { code: Number(code), cause }
}

type Done = { readonly code: number; readonly cause: string | undefined }

async function exitOf(folder: AttemptFolder, run: Run, note: RunNote, done: Done): Promise<Exit> {
  const stopped = await stoppedExit(folder, run)
  if (stopped !== undefined) return stopped
  if (done.cause === 'orphaned')
    return { kind: 'lost', why: 'no worker looked after it for too long, so it was stopped' }
  if (done.cause === 'oom') return { kind: 'out_of_memory', limitBytes: note.memoryBytes }
  return { kind: 'exited', code: done.code }
}

async function goneExit(folder: AttemptFolder, run: Run, note: RunNote, life: Life): Promise<Exit> {
  const stopped = await stoppedExit(folder, run)
  if (stopped !== undefined) return stopped
  if (life.kind === 'ended' && life.isOutOfMemory) return { kind: 'out_of_memory', limitBytes: note.memoryBytes }
  const why = life.kind === 'ended' ? life.why : 'its container was replaced by another'
  return { kind: (await isUntaken(folder, run)) ? 'unstarted' : 'lost', why }
}

/** The command still lies there, and we are the first to mark it as taken: no agent has, or ever will. A spool that was wiped proves nothing. */
async function isUntaken(folder: AttemptFolder, run: Run): Promise<boolean> {
  return (await exists(join(folder.spool, `${runName(run)}.run`))) && (await seal(folder, runName(run)))
}

async function stoppedExit(folder: AttemptFolder, run: Run): Promise<Exit | undefined> {
  const stop = await findStop(folder, runName(run))
  if (stop === undefined) return undefined
  return stop.cause === 'killed' ? { kind: 'killed' } : { kind: 'timed_out', afterMs: stop.afterMs }
}
