import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** What a fetch that was stopped has left. Deploys of a branch take turns, so no other fetch of this repository writes here; a push does so in a quarantine of its own. */
export async function removePartialPacks(repository: string): Promise<void> {
  const folder = join(repository, 'objects', 'pack')
  const names = await readdir(folder).catch(() => []) // there is none before the first pack
  for (const name of names) if (/^tmp_|\.temp$/.test(name)) await rm(join(folder, name), { force: true })
}
