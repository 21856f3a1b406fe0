import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a fetch that was stopped has left. Deploys of a branch take turns, so no other fetch of this repository writes here; a push does so in a quarantine of its own. */
export async function removePartialPacks(repository: string): Promise<void> {
  const folder = join(repository, 'objects', 'pack')
  const names = await readdir(folder).catch(() => []) // there is none before the first pack
  for (const name of names) if (/^tmp_|\.temp$/.test(name)) await rm(join(folder, name), { force: true })
}

/** No push takes this long; what a killed git received, up to the limit of a push, lies there for good otherwise: git itself looks for it only when it collects garbage. */
const ABANDONED_MS = 86_400_000

/** Folders of objects that a push brought and nothing took over. Which process they belonged to is not to be seen; nothing was written to them for a day. */
export async function removeOldQuarantines(repository: string, now = Date.now()): Promise<void> {
  const objects = join(repository, 'objects')
  const names = await readdir(objects).catch(() => []) // it is being made
  for (const name of names.filter((one) => /^(tmp_objdir-)?incoming-/.test(one))) {
    const folder = join(objects, name)
    const paths = [folder, ...(await listBelow(folder))]
    const times = await Promise.all(
      paths.map((path) =>
        stat(path).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      ),
    )
    if (Math.max(...times) < now - ABANDONED_MS) await rm(folder, { recursive: true, force: true })
  }
}

async function listBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []) // git has taken it over
  return names.map((name) => join(folder, name))
}

/** git holds a lock of references for milliseconds: one this old was left by a git that was killed, with its host or for want of memory. */
const STALE_MS = 20_000
const LOOK_MS = 200

/** Resolves when nothing is locked that a move of `ref` needs. A lock that stays is a dead git's, and is taken away: git itself would refuse every push from then on. */
export async function clearLocks(repository: string, ref: string, staleMs = STALE_MS): Promise<void> {
  const locks = [`${ref}.lock`, 'packed-refs.lock', 'HEAD.lock', 'shallow.lock'].map((name) => join(repository, name))
  for (const lock of locks) {
    for (let ageMs = await ageOf(lock); ageMs !== null; ageMs = await ageOf(lock)) {
      if (ageMs > staleMs) await rm(lock, { force: true })
      else await sleep(LOOK_MS)
    }
  }
}

/** Null: there is none. A file from the future, by a clock that was set back, is as old as can be. */
async function ageOf(path: string): Promise<number | null> {
  const made = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  )
  if (made === null) return null
  const ageMs = Date.now() - made
  return ageMs < -STALE_MS ? Number.POSITIVE_INFINITY : ageMs
}
