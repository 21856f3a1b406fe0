import { statfs } from 'node:fs/promises'
import { Refusal } from '../refusal.ts'
import { isCode } from './planted.ts'

/** What cannot be written for want of room is refused as something that is missing for the moment: it can be had later. */
export async function unlessFull<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!isCode(error, 'ENOSPC', 'EDQUOT')) throw error
    throw new Refusal('unavailable', `The disk of ${folder} is full.`, 'Make room; what waits goes on by itself.')
  }
}

const LOOK_MS = 1_000

/** Looks every second whether `folders` have `minFreeBytes` of room, and tells the first that has not. A folder that cannot be seen from here is not looked at. */
export function watchDisks(
  folders: readonly string[],
  minFreeBytes: number,
  tell: (problem: string | null) => void,
): { look(): Promise<void>; close(): Promise<void> } {
  const look = async () => {
    const problems = await Promise.all(folders.map((folder) => findShortage(folder, minFreeBytes)))
    tell(problems.find((problem) => problem !== null) ?? null)
  }
  const timer = setInterval(() => void look(), LOOK_MS).unref()
  return { look, close: async () => clearInterval(timer) }
}

async function findShortage(folder: string, minFreeBytes: number): Promise<string | null> {
  const seen = await statfs(folder).catch(() => null)
  if (seen === null || seen.bavail * seen.bsize >= minFreeBytes) return null
  const [free, least] = [seen.bavail * seen.bsize, minFreeBytes].map((bytes) => Math.floor((bytes ?? 0) / 2 ** 20))
  return `The disk of ${folder} has ${free} MiB left, less than SLUICE_MIN_FREE (${least} MiB), so nothing new is started here. Make room; it goes on by itself.`
}
