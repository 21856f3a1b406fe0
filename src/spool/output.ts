import { constants } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import type { Owner } from './attempt-folder.ts'

const READ_BYTES = 256 * 1024

/** Creates a run's output file outside the spool, gives it to the task, and moves it in: held from its first byte on, whatever the task does to its name. */
export async function createOutput(staged: string, path: string, owner: Owner): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
  const file = await open(staged, flags, 0o600)
  if (process.getuid?.() === 0) await file.chown(owner.uid, owner.gid)
  await rename(staged, path)
  return file
}

/** Hands over what the file holds from `at` up to `end`; resolves with the new place. */
export async function drain(
  file: FileHandle,
  at: number,
  end: number,
  take: (bytes: Uint8Array) => Promise<void>,
): Promise<number> {
  for (;;) {
    const wanted = Math.min(READ_BYTES, end - at)
    if (wanted <= 0) return at
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at)
    if (bytesRead === 0) return at
    await take(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

/**
 * Past `end` the file is cut again and again while its writer, who appends, goes on: disk use is bounded by `end` and what is written between two cuts.
 * What lies before `end` never moves, so offsets stay true, after a restart too.
 */
export function keepCut(file: FileHandle, end: number): { stop(): Promise<void> } {
  let cutting: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    // What is broken now is broken when it stops, and is thrown there; a file that was closed under us needs no cutting any more.
    cutting = cutting.then(() => cut(file, end)).catch(() => clearInterval(timer))
  }, CUT_MS)
  return {
    async stop() {
      clearInterval(timer)
      await cutting
      await cut(file, end)
    },
  }
}

const CUT_MS = 250

async function cut(file: FileHandle, end: number): Promise<void> {
  const { size } = await file.stat()
  if (size > end) await file.truncate(end)
}
