import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Refusal } from '../refusal.ts'
import { taskOwner } from '../spool/attempt-folder.ts'
import type { Executor } from '../spool/executor.ts'
import { installAgent } from '../spool/install-agent.ts'
import { openExecutor } from '../spool/open-executor.ts'
import { openProcessAgents } from './agents.ts'

export type ProcessExecutorOptions = {
  /** This worker's own folder. */
  readonly home: string
  /** Reaches every task: the proxies. */
  readonly env: Readonly<Record<string, string>>
  readonly orphanMs: number
  /** A PEM file whose certificates tasks trust too. */
  readonly extraCa: string | null
}

/**
 * Tasks as child processes in a copy of the revision: not isolated from each other nor from this machine, and without limits of memory, CPU and pids.
 * Time limits and kills hold. They survive the worker's death and are adopted by its successor.
 */
export async function openProcessExecutor(options: ProcessExecutorOptions): Promise<Executor & { leave(): void }> {
  await mkdir(options.home, { recursive: true, mode: 0o711 })
  const owner = taskOwner()
  if (process.getuid?.() === 0) await refuseClosedFolders(options.home)
  const agent = await installAgent(options.home)
  return openExecutor(options, openProcessAgents({ ...options, agent, owner }))
}

async function refuseClosedFolders(home: string): Promise<void> {
  for (let path = home; path !== dirname(path); path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) !== 0) continue
    throw new Refusal(
      'unavailable',
      `Tasks run as user 10001, who cannot enter ${path}, so they could not reach their files in ${home}.`,
      'Set SLUICE_HOME to a folder such as /var/lib/sluice, or use Docker.',
    )
  }
}
