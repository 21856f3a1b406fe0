import { randomUUID } from 'node:crypto'
import { lstat, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../refusal.ts'
import type { Agents } from './agents.ts'
import { type AttemptFolder, exists, give, layDown, type Owner, removeTree, runName } from './attempt-folder.ts'
import { commandFile } from './command-file.ts'
import type { Command, Run } from './executor.ts'
import type { Places } from './places.ts'
import { isCode } from './planted.ts'
import { confirmNote, prepareNote } from './run-notes.ts'

/** The note first, the command last: whoever dies in between has posted nothing. */
export async function postRun(
  { agents, places }: { agents: Pick<Agents, 'inside' | 'owner'>; places: Places },
  run: Run,
  command: Command,
): Promise<void> {
  const folder = places.folder(run)
  const name = runName(run)
  const { place, agentId } = await places.get(run.attemptId)
  const inside = agents.inside(folder)
  const text = commandFile(command, { workspace: inside.workspace, run: `${inside.spool}/${name}` })
  await clearRun(folder, name)
  const { memoryBytes } = place.limits
  const { timeoutMs, isRetryable } = command
  const note = { agentId, postedAtMs: Date.now(), timeoutMs, memoryBytes, isForced: !isRetryable }
  await Promise.all([prepareNote(folder, name, note), layOut(folder, name, command, agents.owner), places.hold(run)])
  await layDown(folder, `${name}.run`, text)
  await confirmNote(folder, name)
}

async function layOut(folder: AttemptFolder, name: string, command: Command, owner: Owner): Promise<void> {
  await stageRun(folder, name, command, owner)
  await rename(join(folder.staging, name), join(folder.spool, name))
}

async function stageRun(folder: AttemptFolder, name: string, { files }: Command, owner: Owner): Promise<void> {
  const staged = join(folder.staging, name)
  await removeTree(staged)
  await mkdir(staged, { mode: 0o700 })
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(staged, plainName(file)), text, { mode: 0o600 })
    await give(owner, join(staged, file))
  }
  await give(owner, staged)
}

const KINDS = ['run', 'started', 'out', 'code', 'kill', 'killing', 'late', 'later', 'done'] as const

/** Moved away rather than deleted: deleting a tree whose owner still runs could be led through a link. It goes with the attempt. */
export async function clearRun(folder: AttemptFolder, name: string): Promise<void> {
  await moveAway(folder, join(folder.spool, name))
  await moveAway(folder, join(folder.harvest, name))
  await Promise.all(KINDS.map((kind) => moveAway(folder, join(folder.spool, `${name}.${kind}`))))
}

/** Moves the run's folder out of the task's reach, so that nothing in its path can turn into a link while we read. Undefined when it is gone. */
export async function takeBack(folder: AttemptFolder, name: string): Promise<string | undefined> {
  const taken = join(folder.harvest, name)
  if (!(await exists(taken)) && !(await moveIfThere(join(folder.spool, name), taken))) return undefined
  if ((await lstat(taken)).isDirectory()) return taken
  throw new Refusal(
    'invalid',
    'The task has put something else in the place of its folder $SLUICE_RUN. It was not opened.',
    'Leave the folder where it is.',
  )
}

async function moveAway(folder: AttemptFolder, path: string): Promise<void> {
  await moveIfThere(path, join(folder.harvest, `old-${randomUUID()}`))
}

async function moveIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

export function plainName(name: string): string {
  if (/^[\w-][\w.-]*$/.test(name)) return name
  throw new Refusal('invalid', `"${name}" cannot be the name of a run's file.`, 'Use a plain name without slashes.')
}
