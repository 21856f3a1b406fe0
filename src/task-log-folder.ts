import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { AttemptId, TaskId } from './brand.ts'
import { readPackedLog } from './db/api/tasks.ts'
import type { Database } from './db/sql.ts'
import { findTaskLogName, type TaskLogName } from './db/task-log-names.ts'
import type { Claim } from './db/tasks.ts'
import { taskLogPath } from './log/task-log-path.ts'
import { getZone } from './workflow/zone.ts'

const EMPTY = gzipSync('')

type Folders = {
  /** For people, in Digdag's layout. */
  readonly folder: string
  /** The worker's own: a file for each copy that is still to be made. */
  readonly owed: string
}

/**
 * Leaves the log of each start that has ended in `folder`. The database keeps the record; a copy that cannot be written is reported.
 * It is written down before a start ends that its copy is owed, so whatever kept it from being made (a kill -9, a full disk), the next start or the next copy that succeeds makes it.
 */
export async function openTaskLogFolder(sql: Database, { folder, owed }: Folders, report: (error: unknown) => void) {
  await mkdir(owed, { recursive: true })
  const writing = new Map<string, Promise<void>>()
  let isBehind = false

  async function copy(claim: Claim): Promise<void> {
    const name = await findTaskLogName(sql, claim)
    if (name?.isClosed === false) return // its end is still to come, and with it another turn
    if (name !== undefined) await write(folder, claim, name, await readPackedLog(sql, name.logId))
    await rm(join(owed, noteOf(claim)), { force: true })
    if (isBehind) await catchUp()
  }

  function keep(claim: Claim): void {
    const note = noteOf(claim)
    const one: Promise<void> = (writing.get(note) ?? Promise.resolve())
      .then(() => copy(claim))
      .catch((error: unknown) => {
        isBehind = true
        report(new Error(`A log could not be left in ${folder}`, { cause: error }))
      })
      .finally(() => {
        if (writing.get(note) === one) writing.delete(note)
      })
    writing.set(note, one) // one at a time of each
  }

  async function catchUp(): Promise<void> {
    isBehind = false
    for (const note of await readdir(owed)) keep(claimOf(note))
  }

  await catchUp()
  return {
    /** Before the end of the start is written: from then on its copy is owed. */
    owe: (claim: Claim): Promise<void> => writeFile(join(owed, noteOf(claim)), '').catch(report),
    /** In the background: no task waits for it. */
    keep,
    async close(): Promise<void> {
      while (writing.size > 0) await Promise.all(writing.values())
    },
  }
}

const noteOf = ({ attemptId, id, epoch }: Claim) => `${attemptId}-${id}-${epoch}`

function claimOf(note: string): Claim {
  const [attemptId = '', id = '', epoch = ''] = note.split('-')
  return { attemptId: attemptId as AttemptId, id: id as TaskId, epoch } // we wrote it
}

/** Whole or not at all, and the same again when it is there already. */
async function write(folder: string, claim: Claim, name: TaskLogName, bytes: Buffer): Promise<void> {
  const path = taskLogPath({ ...name, zone: getZone(name.timezone) })
  await mkdir(join(folder, path.folder), { recursive: true })
  const unfinished = join(folder, path.folder, `.${claim.id}-${claim.epoch}`)
  await writeFile(unfinished, bytes.length === 0 ? EMPTY : bytes)
  await rename(unfinished, join(folder, path.folder, path.file))
}
