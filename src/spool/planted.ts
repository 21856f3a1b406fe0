import { constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { Refusal } from '../refusal.ts'

/**
 * Opens a file that a task may have put there: the spool is enemy input. Undefined when there is none.
 * Only a regular file with one name is opened: a link would lead the worker out of the spool, a fifo would hold it, a device would do anything.
 */
export async function openPlanted(path: string, access: 'read' | 'write' = 'read'): Promise<FileHandle | undefined> {
  // NONBLOCK: between the look and the open a fifo may take the file's place.
  const flags =
    (access === 'read' ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    refuseOddities(path, await lstat(path))
    const file = await open(path, flags)
    const stats = await file.stat()
    if (!stats.isFile()) await file.close()
    refuseOddities(path, stats)
    return file
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    if (isCode(error, 'ELOOP', 'ENXIO')) throw refusal(path, 'not a regular file')
    throw error
  }
}

/** The text of such a file; throws a Refusal when it is longer than `maxBytes`. */
export async function readPlanted(path: string, maxBytes: number): Promise<string | undefined> {
  const file = await openPlanted(path)
  if (file === undefined) return undefined
  try {
    const buffer = Buffer.alloc(maxBytes + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
      if (bytesRead === 0) return buffer.toString('utf8', 0, length)
      length += bytesRead
      if (length > maxBytes) throw tooLarge(path, maxBytes)
    }
  } finally {
    await file.close()
  }
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

type Kind = { isFile(): boolean; isSymbolicLink(): boolean; isDirectory(): boolean; isFIFO(): boolean; nlink: number }

function refuseOddities(path: string, stats: Kind): void {
  if (stats.isFile() && stats.nlink <= 1) return
  if (stats.isFile()) throw refusal(path, 'a hard link')
  if (stats.isSymbolicLink()) throw refusal(path, 'a symbolic link')
  if (stats.isDirectory()) throw refusal(path, 'a folder')
  throw refusal(path, stats.isFIFO() ? 'a fifo' : 'a device or a socket')
}

const refusal = (path: string, what: string) =>
  new Refusal(
    'invalid',
    `The task left ${what} where Sluice reads its file "${basename(path)}". It was not opened.`,
    'Write a regular file there.',
  )

const tooLarge = (path: string, maxBytes: number) =>
  new Refusal(
    'too_large',
    `The task's file "${basename(path)}" is longer than ${maxBytes} bytes, so it was not read.`,
    'Keep large results in a file of the workspace and pass on its name.',
  )
