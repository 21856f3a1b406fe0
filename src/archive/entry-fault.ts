import { MAX_LEVELS } from '../workflow/project-size.ts'

/** An entry of a tar, as it says of itself. */
export type TarEntry = {
  readonly path: string
  readonly type: string
  readonly size: number
  /** Where a link leads. */
  readonly linkpath?: string | undefined
}

export type EntryFault = { readonly message: string; readonly hint: string }

/** What a file system takes. */
const MAX_NAME_BYTES = 255
const MAX_PATH_BYTES = 4000

/** Why an entry is refused. What Digdag 0.10.5 would write outside of the project is refused here, and what no worker could unpack. */
export function findEntryFault(entry: TarEntry, maxBytes: number): EntryFault | undefined {
  const { path, type, size, linkpath = '' } = entry
  if (size > maxBytes)
    return {
      message: `Size of a file in the archive exceeds limit (${size} > ${maxBytes} bytes): ${path}`,
      hint: 'Keep large data out of the project; the operator may raise SLUICE_MAX_SOURCE.',
    }
  const kind = KINDS.get(type)
  if (kind === undefined) return bad(path, 'its kind is not known here')
  if (kind !== null) return bad(path, `it is ${kind}`)
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return bad(path, 'its path is too long')
  const parts = path.split('/')
  if (path.startsWith('/')) return bad(path, 'its path is absolute')
  if (parts.includes('..')) return bad(path, 'its path leads upwards')
  if (type !== 'Directory' && parts.every(isHere)) return bad(path, 'its path is empty')
  if (path.includes('\0')) return bad(path, 'its path holds a NUL')
  if (parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES)) return bad(path, 'its path is too long')
  if (parts.length > MAX_LEVELS) return bad(path, `it lies more than ${MAX_LEVELS} levels deep`)
  const isWinding = Buffer.byteLength(linkpath) > MAX_PATH_BYTES || linkpath.split('/').length > MAX_LEVELS
  return isWinding ? bad(path, 'the way that its link names is too long') : undefined
}

const isHere = (part: string) => part === '' || part === '.'

/** What an entry may be, by its kind in a tar; a text says what it may not be. */
const KINDS: ReadonlyMap<string, string | null> = new Map([
  ['File', null],
  ['OldFile', null],
  ['ContiguousFile', null],
  ['Directory', null],
  ['SymbolicLink', null],
  ['Link', 'a hard link'],
  ['CharacterDevice', 'a device'],
  ['BlockDevice', 'a device'],
  ['FIFO', 'a pipe'],
])

/** Begins with what newer Digdags say. */
export const bad = (path: string, why: string): EntryFault => ({
  message: `Bad zip entry: ${path.slice(0, 200)}: ${why}`,
  hint: 'Send files and links within the project, with relative paths.',
})
