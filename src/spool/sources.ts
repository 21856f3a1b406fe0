import { createHash, randomUUID } from 'node:crypto'
import { lstatSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar'
import type { Digest } from '../brand.ts'
import { insidePath } from '../workflow/inside-path.ts'
import { unlessFull } from './full-disk.ts'

/** A revision's files on this worker. */
export type Source = {
  /** Copies them into `folder`, modes and links as they were pushed. */
  unpack(folder: string): Promise<void>
  /** A text of theirs; undefined when there is none: nothing outside, no link, nothing large. */
  read(path: string): string | undefined
}

const TEXT_BYTES = 4 * 2 ** 20

type Fetch = (digest: Digest) => Promise<Buffer>

/** Keeps each source unpacked once in `home`, until it has not been opened for a week; `fetch` gives its tar.gz. */
export function openSources(home: string, fetch: Fetch): (digest: Digest) => Promise<Source> {
  const unpacking = new Map<Digest, Promise<Source>>()
  return (digest) => {
    const source = unpacking.get(digest) ?? unlessFull(home, () => openSource(home, digest, fetch))
    unpacking.set(digest, source)
    const forget = () => unpacking.delete(digest)
    source.then(forget, forget) // whoever asks next marks it as used anew, or tries again
    return source
  }
}

async function openSource(home: string, digest: Digest, fetch: Fetch): Promise<Source> {
  const folder = join(home, digest.replace(':', '-'))
  if (!(await markUsed(folder))) {
    await removeUnused(home)
    await unpackInto(home, folder, await checked(digest, await fetch(digest)))
    await markUsed(folder)
  }
  return folderSource(folder)
}

/** A folder's time is that of its last use. False: there is none. */
async function markUsed(folder: string): Promise<boolean> {
  const now = new Date()
  return utimes(folder, now, now).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return false
    },
  )
}

const UNUSED_MS = 7 * 86_400_000

/** Whenever a new one comes, so that the disk holds what a week has used; what a killed worker left half unpacked goes with it. A source is opened anew for each task, and a copy of it takes no week. */
async function removeUnused(home: string): Promise<void> {
  const names = await readdir(home).catch(() => []) // there is none before the first source
  for (const name of names) {
    const folder = join(home, name)
    if (!(await isUnused(folder))) continue
    const away = join(home, `removing-${randomUUID()}`)
    if (!(await rename(folder, away).then(isDone, isGone))) continue // another worker of this host was first
    if (!(await isUnused(away))) await rename(away, folder).catch(() => {}) // used in between; or unpacked anew by now
    await rm(away, { recursive: true, force: true })
  }
}

const isUnused = (folder: string) => stat(folder).then(({ mtimeMs }) => Date.now() - mtimeMs > UNUSED_MS, isGone)
const isDone = () => true
const isGone = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error
  return false
}

/** The files that lie in a folder, without what at its top is named like one of `skipped`. */
export function folderSource(folder: string, skipped: ReadonlySet<string> = new Set()): Source {
  const copy = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true } as const
  return {
    // Each by itself: the target may lie in a skipped one, and no folder can be copied into itself.
    unpack: async (target) => {
      const names = (await readdir(folder)).filter((name) => !skipped.has(name))
      for (const name of names) await cp(join(folder, name), join(target, name), copy)
    },
    read: (path) => readText(folder, path),
  }
}

async function checked(digest: Digest, tarGz: Buffer): Promise<Buffer> {
  const found = `sha256:${createHash('sha256').update(tarGz).digest('hex')}`
  if (found !== digest) throw new Error(`source ${digest} has the bytes of ${found}`)
  return tarGz
}

/** Under its name only when it is whole. */
async function unpackInto(home: string, folder: string, tarGz: Buffer): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const fresh = await mkdtemp(join(home, 'unpacking-'))
  await extractInto(fresh, tarGz).catch(async (error: unknown) => {
    await rm(fresh, { recursive: true, force: true }) // half a source on a full disk would keep it full
    throw error
  })
  await rename(fresh, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(fresh, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error // another process was first
  })
}

/**
 * Links last, and by us: the package waits for ever for some that are in order, such as `a/b` to `a` (tar 7.5.23).
 * The deepest first: where a link stands in the way of another, placing it fails, and nothing is placed through one.
 */
async function extractInto(folder: string, tarGz: Buffer): Promise<void> {
  const links = new Map<string, string>()
  const filter = (path: string, entry: object) => {
    if (!('type' in entry) || entry.type !== 'SymbolicLink' || !('linkpath' in entry)) return true
    links.set(insidePath(path) ?? '', String(entry.linkpath))
    return false
  }
  const options = { cwd: folder, preserveOwner: false, strict: true, maxDecompressionRatio: Number.POSITIVE_INFINITY }
  await pipeline(Readable.from([tarGz]), extract({ ...options, filter }))
  for (const [path, target] of [...links].sort(([a], [b]) => depth(b) - depth(a))) {
    await mkdir(join(folder, dirname(path)), { recursive: true })
    await symlink(target, join(folder, path))
  }
}

const depth = (path: string) => path.split('/').length

/** Every part of the path is looked at: a link anywhere in it leads who knows where. */
function readText(folder: string, path: string): string | undefined {
  const parts = path.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) return undefined
  const kinds = parts.map((_, at) => lstatSync(join(folder, ...parts.slice(0, at + 1)), { throwIfNoEntry: false }))
  const file = kinds.at(-1)
  if (kinds.some((kind) => kind === undefined || kind.isSymbolicLink())) return undefined
  if (file === undefined || !file.isFile() || file.size > TEXT_BYTES) return undefined
  return readFileSync(join(folder, ...parts), 'utf8')
}
