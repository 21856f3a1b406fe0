import { open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AttemptFolder, forceFolder } from './attempt-folder.ts'
import { isCode } from './planted.ts'

/** What the worker itself remembers of a run, out of the task's reach: wiping the spool makes no run absent. */
export type RunNote = {
  /** Which agent it was posted to: when another one serves the folder, that one is gone. */
  readonly agentId: string
  readonly postedAtMs: number
  readonly timeoutMs: number | null
  readonly memoryBytes: number
}

/** Why a run was told to stop. */
export type StopNote = { readonly cause: 'killed' } | { readonly cause: 'timed_out'; readonly afterMs: number }

/** Written before the command is posted; `confirmNote` follows when it is. `isForced`: it outlives a power cut from then on. */
export async function prepareNote(
  folder: AttemptFolder,
  name: string,
  { isForced, ...note }: RunNote & { readonly isForced: boolean },
): Promise<void> {
  const file = await open(join(folder.runs, `${name}.posting`), 'w')
  try {
    await file.writeFile(JSON.stringify(note))
    if (isForced) await Promise.all([file.sync(), forceFolder(folder.runs)]) // together they cost one commit of the disk's journal
  } finally {
    await file.close()
  }
}

export async function confirmNote(folder: AttemptFolder, name: string): Promise<void> {
  await rename(join(folder.runs, `${name}.posting`), join(folder.runs, `${name}.posted`))
}

export async function findNote(folder: AttemptFolder, name: string): Promise<RunNote | undefined> {
  return (await findJson(join(folder.runs, `${name}.posted`))) as RunNote | undefined // we wrote it
}

export async function findPreparedNote(folder: AttemptFolder, name: string): Promise<RunNote | undefined> {
  return (await findJson(join(folder.runs, `${name}.posting`))) as RunNote | undefined // we wrote it
}

/** The first cause stays. */
export async function noteStop(folder: AttemptFolder, name: string, stop: StopNote): Promise<void> {
  try {
    await writeFile(join(folder.runs, `${name}.stop`), JSON.stringify(stop), { flag: 'wx' })
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  }
}

export async function findStop(folder: AttemptFolder, name: string): Promise<StopNote | undefined> {
  return (await findJson(join(folder.runs, `${name}.stop`))) as StopNote | undefined // we wrote it
}

export async function forgetNotes(folder: AttemptFolder, name: string): Promise<void> {
  for (const kind of ['posting', 'posted', 'stop']) await rm(join(folder.runs, `${name}.${kind}`), { force: true })
}

/** Half of a note, whose writer was killed or had no room, is none: nothing is posted or stopped before its note is whole. */
async function findJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (isCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}
