import { createHash } from 'node:crypto'
import { lstatSync, readFileSync } from 'node:fs'
import { access, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar'
import type { Digest } from '../brand.ts'

/** A revision's files on this worker. */
export type Source = {
  /** Copies them into `folder`, modes and links as they were pushed. */
  unpack(folder: string): Promise<void>
  /** A text of theirs; undefined when there is none: nothing outside, no link, nothing large. */
  read(path: string): string | undefined
}

const TEXT_BYTES = 4 * 2 ** 20

/** Keeps each source unpacked once in `home`; `fetch` gives its tar.gz. */
export function openSources(
  home: string,
  fetch: (digest: Digest) => Promise<Buffer>,
): (digest: Digest) => Promise<Source> {
  const opened = new Map<Digest, Promise<Source>>()
  return (digest) => {
    const source = opened.get(digest) ?? openSource(home, digest, fetch)
    opened.set(digest, source)
    source.catch(() => opened.delete(digest)) // whoever asks next tries again
    return source
  }
}

async function openSource(home: string, digest: Digest, fetch: (digest: Digest) => Promise<Buffer>): Promise<Source> {
  const folder = join(home, digest.replace(':', '-'))
  const isThere = await access(folder).then(
    () => true,
    () => false,
  )
  if (!isThere) await unpackInto(home, folder, await checked(digest, await fetch(digest)))
  return folderSource(folder)
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
  await pipeline(Readable.from([tarGz]), extract({ cwd: fresh, preserveOwner: false, strict: true }))
  await rename(fresh, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(fresh, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error // another process was first
  })
}

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
