import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'
import { findStrayLink } from '../workflow/inside-path.ts'
import { bad, type EntryFault, findEntryFault } from './entry-fault.ts'

/** A file or a link of an archive. The content of a link is its target. */
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

/** Reads a project's tar.gz, whole and in memory. Nothing of it is written anywhere, and little more than `maxBytes` is unpacked. */
export async function readArchive(tarGz: Uint8Array, maxBytes: number): Promise<ReadArchive> {
  if (!startsWith(tarGz, GZIP)) return refuse('Input is not in the .gz format', SEND)
  const tar = await unzip(tarGz, maxBytes)
  return Buffer.isBuffer(tar) ? readTar(tar, maxBytes) : tar
}

const GZIP = [0x1f, 0x8b]
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd]
const startsWith = (bytes: Uint8Array, head: readonly number[]) => head.every((byte, at) => bytes[at] === byte)

const SEND = 'Send a tar.gz, such as digdag push makes, or tar czf - *.'
const refuse = (message: string, hint: string) => ({ kind: 'refused', message, hint }) as const
type Refused = ReturnType<typeof refuse>

const unzipAsync = promisify(gunzip)
/** What a tar may have beside its files: headers, padding, its end. */
const TAR_RATIO = 1.5
const TAR_BYTES = 1 << 20

async function unzip(tarGz: Uint8Array, maxBytes: number): Promise<Buffer | Refused> {
  try {
    return await unzipAsync(tarGz, { maxOutputLength: Math.ceil(maxBytes * TAR_RATIO) + TAR_BYTES })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException // zlib throws nothing else
    if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(maxBytes)
    return refuse(`The archive cannot be unpacked: ${message}`, SEND)
  }
}

const tooLarge = (maxBytes: number) =>
  refuse(
    `Total size of the archive exceeds limit (${maxBytes} bytes)`,
    'Keep large data out of the project; the operator may raise SLUICE_MAX_SOURCE.',
  )

/** The parser is the one that unpacks sources on workers, so that both see the same files; it would unpack what is packed twice. */
async function readTar(tar: Buffer, maxBytes: number): Promise<ReadArchive> {
  if (startsWith(tar, GZIP) || startsWith(tar, ZSTD)) return refuse('The archive is packed twice', SEND)
  const contents = openContents(maxBytes)
  const parser = new Parser({
    onwarn: (_, message) => contents.refuse({ message: `The archive is no tar: ${message}`, hint: SEND }),
    onReadEntry: (entry) => contents.take(entry),
  })
  parser.on('ignoredEntry', (entry: ReadEntry) => contents.refuse(bad(entry.path, 'its kind is not known here')))
  await new Promise<void>((resolve) => parser.on('end', resolve).end(tar))
  const fault = contents.fault() ?? findCovered(contents.files) ?? findStray(contents.files)
  return fault === undefined ? { kind: 'read', files: [...contents.files.values()] } : { kind: 'refused', ...fault }
}

function openContents(maxBytes: number) {
  const files = new Map<string, ArchiveFile>()
  const faults: EntryFault[] = []
  let bytes = 0
  return {
    files,
    fault: () => faults[0],
    refuse: (fault: EntryFault) => void faults.push(fault),
    take: (entry: ReadEntry) => {
      bytes += entry.size
      const path = posix.normalize(entry.path)
      const fault = findEntryFault(entry, maxBytes)
      if (fault !== undefined) faults.push(fault)
      else if (bytes > maxBytes) faults.push(tooLarge(maxBytes))
      else if (files.has(path)) faults.push(bad(path, 'it is there twice'))
      if (faults.length > 0 || entry.type === 'Directory') return void entry.resume()
      keep(entry, (content) => files.set(path, fileOf(path, modeOf(entry), content)))
    },
  }
}

function fileOf(path: string, mode: ArchiveFile['mode'], content: Buffer): ArchiveFile {
  const object = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
  return { path, mode, bytes: content.length, object, content }
}

function modeOf({ type, mode = 0 }: ReadEntry): ArchiveFile['mode'] {
  if (type === 'SymbolicLink') return '120000'
  return (mode & 0o100) === 0 ? '100644' : '100755'
}

function keep(entry: ReadEntry, whole: (content: Buffer) => void): void {
  const chunks: Buffer[] = []
  if (entry.type === 'SymbolicLink') chunks.push(Buffer.from(entry.linkpath ?? ''))
  entry.on('data', (chunk) => chunks.push(chunk)).on('end', () => whole(Buffer.concat(chunks)))
}

/** Nothing may lie below a file, nor be put anywhere through a link. */
function findCovered(files: ReadonlyMap<string, ArchiveFile>): EntryFault | undefined {
  for (const path of files.keys())
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder))
      if (files.has(folder)) return bad(path, `${folder} is no folder`)
  return undefined
}

function findStray(files: ReadonlyMap<string, ArchiveFile>): EntryFault | undefined {
  const links = [...files.values()].filter(({ mode }) => mode === '120000')
  const stray = findStrayLink(new Map(links.map(({ path, content }) => [path, content.toString()])))
  return stray && bad(stray.path, `it is a link that leads out, to ${stray.target.slice(0, 200)}`)
}
