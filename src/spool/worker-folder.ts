import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { lockFolder } from './folder-lock.ts'

export type WorkerFolder = {
  /** 1, 2, …: with the host's name it is the worker's name, which stays the same over restarts. */
  readonly number: number
  readonly folder: string
  release(): Promise<void>
}

/** The first of `workers/1`, `workers/2`, … in `home` that no living process has. Its tasks are this process's from now on. */
export async function takeWorkerFolder(home: string): Promise<WorkerFolder> {
  for (let number = 1; ; number += 1) {
    const folder = join(home, 'workers', String(number))
    await mkdir(folder, { recursive: true, mode: 0o711 }) // tasks of another user pass through it
    const lock = await lockFolder(folder)
    if (lock.kind === 'held') return { number, folder, release: lock.release }
  }
}
