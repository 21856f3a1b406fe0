import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lockFolder } from './folder-lock.ts'

export type WorkerFolder = {
  /** 1, 2, … */
  readonly number: number
  readonly folder: string
  /** The name that the worker of this folder has; undefined at its first start. */
  readName(): Promise<string | undefined>
  keepName(name: string): Promise<void>
  release(): Promise<void>
}

/** The first of `workers/1`, `workers/2`, … in `home` that no living process has. Its tasks are this process's from now on. */
export async function takeWorkerFolder(home: string): Promise<WorkerFolder> {
  for (let number = 1; ; number += 1) {
    const folder = join(home, 'workers', String(number))
    await mkdir(folder, { recursive: true, mode: 0o711 }) // tasks of another user pass through it
    const lock = await lockFolder(folder)
    if (lock.kind === 'held') return { number, folder, ...openName(join(folder, 'name')), release: lock.release }
  }
}

function openName(file: string): Pick<WorkerFolder, 'readName' | 'keepName'> {
  return {
    readName: () =>
      readFile(file, 'utf8').then(
        (text) => text.trim() || undefined,
        () => undefined,
      ),
    keepName: async (name) => {
      await writeFile(`${file}.new`, `${name}\n`)
      await rename(`${file}.new`, file) // whole or not at all
    },
  }
}
