import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { createGunzip } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'
import { findStrayLink } from '../workflow/inside-path.ts'
import { MAX_FILES, MAX_LINKS, unpackedAtMost } from '../workflow/project-size.ts'
import { bad, type EntryFault, findEntryFault } from './entry-fault.ts'

/** A file or a link of an archive. The content of a link is its target; that of a file is empty where contents are dropped. */
type ArchiveFile = {
  readonly path: string
  /** As git writes it. */
  readonly mode: '100644' | '100755' | '120000'
  readonly bytes: number
  /** What git would call the content. */
  readonly object: string
  readonly content: Buffer
}

export type ReadArchive =
  | { readonly kind: 'read'; readonly files: readonly ArchiveFile[] }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

/**
 * Reads a project's tar.gz, in memory: nothing of it is written anywhere. It is unpacked piece by piece, so that others are served meanwhile, and no further
 * than its first fault or little more than `maxBytes`.
 */
export async function readArchive(
  tarGz: Uint8Array,
  maxBytes: number,
  contentsAre: 'kept' | 'dropped' = 'kept',
): Promise<ReadArchive> {
  if (!startsWith(tarGz, GZIP)) return refuse('Input is not in the .gz format', SEND)
  const contents = openContents({ maxBytes, packedBytes: tarGz.length, contentsAre })
  await unpack(tarGz, contents, maxBytes)
  const fault = contents.fault() ?? findCovered(contents.files) ?? findStray(contents.files)
  return fault === undefined ? { kind: 'read', files: [...contents.files.values()] } : { kind: 'refused', ...fault }
}

const GZIP = [0x1f, 0x8b]
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd]
const startsWith = (bytes: Uint8Array, head: readonly number[]) => head.every((byte, at) => bytes[at] === byte)

const SEND = 'Send a tar.gz, such as digdag push makes, or tar czf - *.'
const refuse = (message: string, hint: string) => ({ kind: 'refused', message, hint }) as const

/** What a tar may have beside its files: headers, padding, its end. */
const TAR_RATIO = 1.5
const TAR_BYTES = 1 << 20

async function unpack(tarGz: Uint8Array, contents: Contents, maxBytes: number): Promise<void> {
  const parser = openParser(contents)
  let bytes = 0
  for await (const piece of pieces(tarGz, contents)) {
    if (bytes === 0 && (startsWith(piece, GZIP) || startsWith(piece, ZSTD))) contents.refuse(PACKED_TWICE)
    bytes += piece.length
    if (bytes > maxBytes * TAR_RATIO + TAR_BYTES) contents.refuse(tooLarge(maxBytes))
    if (contents.fault() !== undefined) return
    parser.write(piece)
  }
  await new Promise<void>((resolve) => parser.on('end', resolve).end())
}

async function* pieces(tarGz: Uint8Array, contents: Contents): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  gunzip.end(tarGz)
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException // zlib throws nothing else
    if (!code.startsWith('Z_')) throw error
    contents.refuse({ message: `The archive cannot be unpacked: ${message}`, hint: SEND })
  }
}

const PACKED_TWICE = { message: 'The archive is packed twice', hint: SEND }

const tooLarge = (maxBytes: number): EntryFault => ({
  message: `Total size of the archive exceeds limit (${maxBytes} bytes)`,
  hint: 'Keep large data out of the project; the operator may raise SLUICE_MAX_SOURCE.',
})

const PACKED_TOO_WELL = {
  message: 'The archive unpacks to far more than text does',
  hint: 'Keep large data out of the project: files of zeros, for example.',
}

const TOO_MANY = {
  message: `The archive holds more than ${MAX_FILES} files and folders`,
  hint: 'Send the folder of one project, without what its environment installs.',
}

const TOO_MANY_LINKS = {
  message: `The archive holds more than ${MAX_LINKS} links`,
  hint: 'Send the files that they lead to, or what makes the links.',
}

/** The parser is the one that unpacks sources on workers, so that both see the same files; it would unpack what is packed twice. */
function openParser(contents: Contents): Parser {
  const parser = new Parser({
    onwarn: (_, message) => contents.refuse({ message: `The archive is no tar: ${message}`, hint: SEND }),
    onReadEntry: (entry) => contents.take(entry),
  })
  return parser.on('ignoredEntry', ({ path }: ReadEntry) => contents.refuse(bad(path, 'its kind is not known here')))
}

type Contents = ReturnType<typeof openContents>

type Limits = { readonly maxBytes: number; readonly packedBytes: number; readonly contentsAre: 'kept' | 'dropped' }

function openContents({ maxBytes, packedBytes, contentsAre }: Limits) {
  const files = new Map<string, ArchiveFile>()
  let fault: EntryFault | undefined
  let [entries, links, bytes] = [0, 0, 0]
  const findFault = (entry: ReadEntry): EntryFault | undefined => {
    if (++entries > MAX_FILES) return TOO_MANY
    if (entry.type === 'SymbolicLink' && ++links > MAX_LINKS) return TOO_MANY_LINKS
    bytes += entry.size
    const found = findEntryFault(entry, maxBytes)
    if (found !== undefined) return found
    if (bytes > maxBytes) return tooLarge(maxBytes)
    if (bytes > unpackedAtMost(packedBytes, maxBytes)) return PACKED_TOO_WELL
    return files.has(posix.normalize(entry.path)) ? bad(posix.normalize(entry.path), 'it is there twice') : undefined
  }
  const refuse = (found: EntryFault | undefined) => {
    fault ??= found
  }
  return {
    files,
    /** The first. */
    fault: () => fault,
    refuse,
    take: (entry: ReadEntry) => {
      if (fault === undefined) refuse(findFault(entry))
      if (fault !== undefined || entry.type === 'Directory') return void entry.resume()
      const path = posix.normalize(entry.path)
      readEntry(entry, contentsAre, (file) => files.set(path, { path, mode: modeOf(entry), ...file }))
    },
  }
}

function modeOf({ type, mode = 0 }: ReadEntry): ArchiveFile['mode'] {
  if (type === 'SymbolicLink') return '120000'
  return (mode & 0o100) === 0 ? '100644' : '100755'
}

function readEntry(
  entry: ReadEntry,
  contentsAre: 'kept' | 'dropped',
  whole: (file: Pick<ArchiveFile, 'bytes' | 'object' | 'content'>) => void,
): void {
  const target = Buffer.from(entry.type === 'SymbolicLink' ? (entry.linkpath ?? '') : '')
  const bytes = target.length + entry.size
  const hash = createHash('sha1').update(`blob ${bytes}\0`).update(target)
  const chunks: Buffer[] = [target]
  entry.on('data', (chunk) => {
    hash.update(chunk)
    if (contentsAre === 'kept') chunks.push(chunk)
  })
  entry.on('end', () => whole({ bytes, object: hash.digest('hex'), content: Buffer.concat(chunks) }))
}

/** Nothing may lie below a file, nor be put anywhere through a link. Each folder is looked at once, however many files it has. */
function findCovered(files: ReadonlyMap<string, ArchiveFile>): EntryFault | undefined {
  const folders = new Set(['.'])
  for (const path of files.keys())
    for (let folder = posix.dirname(path); !folders.has(folder); folder = posix.dirname(folder)) {
      if (files.has(folder)) return bad(path, `${folder} is no folder`)
      folders.add(folder)
    }
  return undefined
}

function findStray(files: ReadonlyMap<string, ArchiveFile>): EntryFault | undefined {
  const links = [...files.values()].filter(({ mode }) => mode === '120000')
  const stray = findStrayLink(new Map(links.map(({ path, content }) => [path, content.toString()])))
  return stray && bad(stray.path, `it is a link that leads out, to ${stray.target.slice(0, 200)}`)
}
