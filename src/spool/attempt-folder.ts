import { execFile } from 'node:child_process'
import { chmod, lchown, lstat, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { AttemptId } from '../brand.ts'
import type { Place, Run } from './executor.ts'
import { isCode } from './planted.ts'

/** Whom the tasks run as. Never 0. */
export type Owner = { readonly uid: number; readonly gid: number }

/** 10001 when the worker is root, else the worker itself: an ordinary user can neither give files away nor delete another's. */
export function taskOwner(): Owner {
  const [uid, gid] = [process.getuid?.() ?? 10_001, process.getgid?.() ?? 10_001]
  return uid === 0 ? { uid: 10_001, gid: 10_001 } : { uid, gid: gid === 0 ? 10_001 : gid }
}

/**
 * An attempt's folder on the worker. Tasks see `workspace` and `spool` only. Everything of ours is made in `staging`, where they cannot reach,
 * and renamed into the spool: a rename follows no link.
 */
export type AttemptFolder = {
  readonly root: string
  readonly workspace: string
  readonly spool: string
  /** The worker's own notes of each run. */
  readonly runs: string
  readonly staging: string
  /** Run folders taken back from the spool. */
  readonly harvest: string
}

export function attemptFolder(home: string, attemptId: AttemptId): AttemptFolder {
  const root = join(home, attemptId)
  const [workspace, spool, runs, staging, harvest] = ['workspace', 'spool', 'runs', 'staging', 'harvest'].map((name) =>
    join(root, name),
  ) as [string, string, string, string, string] // as many as were named
  return { root, workspace, spool, runs, staging, harvest }
}

/** A run's name in the spool: digits and one dash, so that no path can hide in it. */
export function runName({ taskId, epoch }: Run): string {
  const name = `${taskId}-${epoch}`
  if (!/^\d+-\d+$/.test(name)) throw new Error(`not a run: ${name}`)
  return name
}

/** Makes folder and workspace once: `place.json` is written last, and a folder without it is made anew. */
export async function makeFolder(
  folder: AttemptFolder,
  place: Place,
  owner: Owner,
  unpack: (folder: string) => Promise<void>,
): Promise<void> {
  if (await findPlace(folder)) return
  await removeTree(folder.root)
  for (const path of Object.values(folder)) await mkdir(path, { recursive: true })
  await chmod(folder.root, 0o711) // whatever our umask is: tasks may be somebody else
  await unpack(folder.workspace)
  await mkdir(join(folder.workspace, '.tmp'), { recursive: true })
  await giveTrees(owner, folder.workspace, folder.spool)
  const file = await open(`${folder.staging}/place.json`, 'w')
  await file.writeFile(JSON.stringify(place))
  await file.sync()
  await file.close()
  await rename(`${folder.staging}/place.json`, placeFile(folder))
  await Promise.all([folder.root, dirname(folder.root)].map(forceFolder)) // gone after a power cut, its runs would look as if they had never been
}

/** Makes the names in a folder outlive a power cut. */
export async function forceFolder(path: string): Promise<void> {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

/** Undefined when the folder was never finished. */
export async function findPlace(folder: AttemptFolder): Promise<Place | undefined> {
  try {
    return JSON.parse(await readFile(placeFile(folder), 'utf8')) as Place // we wrote it
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

const placeFile = (folder: AttemptFolder) => join(folder.root, 'place.json')

/** Only root can give files away, and only root has to: any other worker runs tasks as itself. */
export async function give(owner: Owner, path: string): Promise<void> {
  if (process.getuid?.() === 0) await lchown(path, owner.uid, owner.gid)
}

async function giveTrees(owner: Owner, ...paths: readonly string[]): Promise<void> {
  if (process.getuid?.() === 0) await run('chown', ['-Rh', `${owner.uid}:${owner.gid}`, ...paths])
}

export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!isCode(error, 'EACCES', 'EPERM', 'ENOTEMPTY')) throw error
    await run('chmod', ['-R', 'u+rwX', path]) // a task may take away its own rights
    await rm(path, { recursive: true, force: true })
  }
}

/** In the spool, for every task: the one folder that they see and that is ours to fill. */
export const CERTIFICATES = 'certificates.pem'

/** Renamed into the spool, whatever a task put there. */
export async function layDown(folder: AttemptFolder, name: string, text: string): Promise<void> {
  await writeFile(join(folder.staging, name), text)
  await chmod(join(folder.staging, name), 0o644) // whatever our umask is: tasks may be somebody else
  await rename(join(folder.staging, name), join(folder.spool, name))
}

/** The heartbeat is a value that changes, not a time: clocks may differ. */
export async function beat(folder: AttemptFolder, value: string): Promise<void> {
  try {
    await layDown(folder, 'heartbeat', `${value}\n`)
  } catch (error) {
    // Gone with its attempt; or a task put a folder there, then its agent stops by itself; or the disk is full, and a later beat gets through.
    if (!isCode(error, 'ENOENT', 'EISDIR', 'ENOTEMPTY', 'ENOSPC', 'EDQUOT')) throw error
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Takes a run so that no agent will. False: it was taken already. */
export async function seal(folder: AttemptFolder, name: string): Promise<boolean> {
  try {
    await writeFile(join(folder.spool, `${name}.started`), '', { flag: 'wx' })
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

const run = promisify(execFile)
