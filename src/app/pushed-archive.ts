import type { ReadArchive } from '../archive/read-archive.ts'
import type { Upload, UploadReceived } from '../db/deliveries.ts'
import type { Pushed } from './pushed.ts'

type Files = Extract<ReadArchive, { kind: 'read' }>['files']
type Stored = Upload & Pick<UploadReceived, 'sourceDigest'>

/** An archive that was uploaded and stored as it came, and what it holds. */
export function openUploaded(upload: Stored, tree: Files, close: () => void): Pushed {
  const { revision, scheduleFrom, clear, sourceDigest } = upload
  const files = new Map(tree.map((file) => [file.path, file]))
  const textOf = (path: string) => files.get(path)?.content.toString('utf8') ?? ''
  const from = scheduleFrom === null ? null : new Date(scheduleFrom)
  return {
    words: { name: revision, commit: null, message: null, author: null, schedules: { from, clear } },
    tree,
    texts: async (paths) => new Map(paths.map((path) => [path, textOf(path)])),
    pack: async () => sourceDigest,
    close,
  }
}
