import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readPackedLog } from './db/api/tasks.ts'
import type { Database } from './db/sql.ts'
import { findTaskLogName } from './db/task-log-names.ts'
import type { Claim } from './db/tasks.ts'
import { taskLogPath } from './log/task-log-path.ts'
import { readZone } from './workflow/zone.ts'

const UTC = { id: 'UTC', fixedMinutes: 0 }
const EMPTY = gzipSync('')

/**
 * Leaves the log of each start that has ended in `folder`, in Digdag's layout. The database keeps the record: a copy that
 * cannot be written, or that nobody came to write because its worker was killed at that moment, is only reported.
 */
export function openTaskLogFolder(sql: Database, folder: string, report: (error: unknown) => void) {
  const writing = new Set<Promise<void>>()

  async function write(claim: Claim): Promise<void> {
    const name = await findTaskLogName(sql, claim)
    if (name === undefined) return
    const path = taskLogPath({ ...name, zone: readZone(name.timezone) ?? UTC })
    const bytes = await readPackedLog(sql, name.logId)
    await mkdir(join(folder, path.folder), { recursive: true })
    const target = join(folder, path.folder, path.file)
    const unfinished = join(folder, path.folder, `.${claim.id}-${claim.epoch}`)
    await writeFile(unfinished, bytes.length === 0 ? EMPTY : bytes)
    await rename(unfinished, target)
  }

  return {
    /** In the background: no task waits for it. */
    keep(claim: Claim): void {
      const one: Promise<void> = write(claim)
        .catch((error: unknown) => report(new Error(`A log could not be left in ${folder}`, { cause: error })))
        .finally(() => writing.delete(one))
      writing.add(one)
    },
    async close(): Promise<void> {
      await Promise.all(writing)
    },
  }
}
