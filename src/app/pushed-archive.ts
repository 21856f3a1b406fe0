import type { ReadArchive } from '../archive/read-archive.ts'
import type { Upload } from '../db/deliveries.ts'
import type { Pushed } from './pushed.ts'

type Files = Extract<ReadArchive, { kind: 'read' }>['files']

/** An archive that was uploaded, and what it holds. It is kept as it came. */
export function openUploaded({ revision, scheduleFrom, clear }: Upload, tarGz: Buffer, tree: Files): Pushed {
  const files = new Map(tree.map((file) => [file.path, file]))
  const textOf = (path: string) => files.get(path)?.content.toString('utf8') ?? ''
  return {
    name: revision,
    commit: null,
    message: null,
    author: null,
    schedules: { from: scheduleFrom === null ? null : new Date(scheduleFrom), clear },
    tree,
    texts: async (paths) => new Map(paths.map((path) => [path, textOf(path)])),
    pack: async () => tarGz,
  }
}
