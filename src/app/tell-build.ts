import type { LogId } from '../brand.ts'
import { appendLog } from '../db/logs.ts'
import type { Database } from '../db/sql.ts'

/** A build that prints more has gone wrong; nobody reads it. */
const MAX_BYTES = 16 * 1024 * 1024

export type BuildLog = {
  /** Never waits: what comes while a write is under way goes into the next one. */
  tell(line: string): void
  /** Resolves when all that was told is stored; rejects when it could not be. */
  written(): Promise<void>
}

export function openBuildLog(
  sql: Database,
  id: LogId,
  now: () => Date,
  append: (sql: Database, id: LogId, bytes: Uint8Array, now: Date) => Promise<void> = appendLog,
): BuildLog {
  let waiting = ''
  let toldBytes = 0
  let writing: Promise<void> | undefined
  let failure: unknown
  const write = async () => {
    while (waiting !== '') {
      const text = waiting
      waiting = ''
      await append(sql, id, Buffer.from(text), now())
    }
  }
  return {
    tell(line) {
      const room = MAX_BYTES - toldBytes
      toldBytes += Buffer.byteLength(line) + 1
      if (room <= 0) return
      waiting +=
        toldBytes <= MAX_BYTES
          ? `${line}\n`
          : `[sluice] The log is cut here: it reached its limit of ${MAX_BYTES} bytes.\n`
      writing ??= write()
        .catch((error: unknown) => {
          failure ??= error
        })
        .finally(() => {
          writing = undefined
        })
    },
    async written() {
      while (writing !== undefined) await writing
      if (failure !== undefined) throw failure
    },
  }
}
