import { join } from 'node:path'
import type { Agents } from './agents.ts'
import { type AttemptFolder, exists, layDown, runName } from './attempt-folder.ts'
import type { Run } from './executor.ts'
import type { Places } from './places.ts'
import { findNote, noteStop, type StopNote } from './run-notes.ts'

export type RunPorts = { readonly agents: Agents; readonly folder: AttemptFolder; readonly places: Places }

/** How much longer than the grace an agent may need; then everything of the attempt is ended. */
const PATIENCE_MS = 15_000
const LOOK_MS = 1000

/** Idempotent. Resolves when the run's end is written, or when what would write it has gone. */
export async function stopRun(ports: RunPorts, run: Run, graceMs: number, stop: StopNote): Promise<void> {
  const { agents, folder } = ports
  const name = runName(run)
  const done = join(folder.spool, `${name}.done`)
  const note = await findNote(folder, name)
  if (note === undefined || (await exists(done))) return
  await noteStop(folder, name, stop)
  await layDown(folder, `${name}.kill`, `${Math.ceil(graceMs / 1000)}\n`)
  await agents.ring(run.attemptId, folder, `kill ${name}`)
  if (await isOver(ports, run, note.agentId, Date.now() + graceMs + PATIENCE_MS)) return
  // A task has killed the agent, or left it no process to fork: only the end of everything stops it for certain.
  await agents.end(run.attemptId, folder)
}

async function isOver({ agents, folder, places }: RunPorts, run: Run, agentId: string, untilMs: number) {
  const done = join(folder.spool, `${runName(run)}.done`)
  const changes = places.watch(run.attemptId).on(`${runName(run)}.done`)
  try {
    while (Date.now() < untilMs) {
      const seen = changes.count
      if (await exists(done)) return true
      const life = await agents.look(run.attemptId, folder)
      if (life.kind === 'ended' || (life.kind === 'running' && life.agentId !== agentId)) return true
      await changes.next(seen, LOOK_MS)
    }
    return false
  } finally {
    changes.close()
  }
}
