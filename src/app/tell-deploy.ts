import type { LogId } from '../brand.ts'
import { appendLog } from '../db/logs.ts'
import type { Database } from '../db/sql.ts'

export type Telling = {
  /** One line, to whoever watches and to the log. Never waits. */
  tell(line: string): void
  /** Resolves when the log has every line told so far. */
  written(): Promise<void>
}

/** Lines told while others are being written go together in one piece. */
export function openTelling(sql: Database, logId: LogId, hear: (line: string) => void, now: () => Date): Telling {
  let waiting = ''
  let writing = Promise.resolve()
  const write = async () => {
    const text = waiting
    waiting = ''
    await appendLog(sql, logId, Buffer.from(text), now())
  }
  return {
    tell: (line) => {
      hear(line)
      waiting += `${line}\n`
      writing = writing.then(write)
      writing.catch(() => {}) // `written` tells
    },
    written: () => writing,
  }
}
