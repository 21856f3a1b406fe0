import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AttemptId } from '../brand.ts'
import type { Life } from './agents.ts'
import { type AttemptFolder, exists } from './attempt-folder.ts'
import { openSpoolWatch } from './spool-watch.ts'

const SOURCE = new URL('../../src/spool/agent.sh', import.meta.url)

/** The agent's file in the worker's own home: a container engine and another user must be able to read it, and running agents keep the one they started with. */
export async function installAgent(home: string): Promise<string> {
  const path = join(home, 'agent')
  await writeFile(`${path}.new`, await readFile(SOURCE), { mode: 0o555 })
  await chmod(`${path}.new`, 0o555) // whatever our umask is
  await rename(`${path}.new`, path)
  return path
}

/** Resolves when the agent of the folder listens, or with how it ended instead. */
export async function awaitReady(
  attemptId: AttemptId,
  folder: AttemptFolder,
  look: (attemptId: AttemptId, folder: AttemptFolder) => Promise<Life>,
): Promise<Life> {
  const watch = openSpoolWatch(folder.spool)
  const changes = watch.on('ready')
  try {
    for (;;) {
      const seen = changes.count
      const life = await look(attemptId, folder)
      if (life.kind === 'ended' || (await exists(join(folder.spool, 'ready')))) return life
      await changes.next(seen, 250)
    }
  } finally {
    watch.close()
  }
}

export const TICK_MS = 2000
