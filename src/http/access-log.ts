import { type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context, MiddlewareHandler } from 'hono'
import type { Env } from './env.ts'

export type AccessLog = { write(line: string): void; close(): Promise<void> }

/** Who asked for what, and what we said: no query, no header, so that no secret comes into a file. `ms`: until the answer began. */
export function logAccess(log: Pick<AccessLog, 'write'> | undefined, now: () => Date): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (log === undefined) return next()
    const [at, startedAt] = [now(), performance.now()]
    await next()
    const ms = Math.round((performance.now() - startedAt) * 10) / 10
    log.write(JSON.stringify({ time: at.toISOString(), ...entryOf(c), ms }))
  }
}

const entryOf = (c: Context<Env>) => ({
  address: c.get('client').address,
  user: c.get('user')?.name ?? null,
  method: c.req.method,
  path: c.req.path,
  status: c.res.status,
  agent: c.req.header('user-agent') ?? null,
})

const LOOK_MS = 1_000
/** A disk that is full or slow must not fill our memory. */
const MAX_WAITING = 10_000

/** Appends lines to `access.log`. The file may be moved away or truncated at any time (logrotate, with or without copytruncate): within a second a new one is begun. */
export async function openAccessLog(folder: string, report: (error: unknown) => void): Promise<AccessLog> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'access.log')
  let file: FileHandle | undefined
  let lookAt = 0
  let waiting: string[] = []
  let writing: Promise<void> | undefined

  /** Only one of it runs. */
  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting
      waiting = []
      if (performance.now() >= lookAt) {
        file = await reopenIfMoved(path, file)
        lookAt = performance.now() + LOOK_MS
      }
      await file?.appendFile(`${lines.join('\n')}\n`)
    }
  }

  const begin = () => {
    writing ??= flush()
      .catch((error: unknown) => {
        lookAt = 0
        report(new Error(`${path} cannot be written: requests are answered and not logged`, { cause: error }))
      })
      .finally(() => {
        writing = undefined
      })
    return writing
  }
  return {
    write(line) {
      if (waiting.push(line) > MAX_WAITING) waiting = []
      void begin()
    },
    async close() {
      await begin()
      await file?.close()
    },
  }
}

async function reopenIfMoved(path: string, file: FileHandle | undefined): Promise<FileHandle> {
  const [held, there] = await Promise.all([file?.stat(), stat(path).catch(() => undefined)])
  if (file !== undefined && held?.ino === there?.ino && held?.dev === there?.dev) return file
  const opened = await open(path, 'a', 0o640)
  await file?.close()
  return opened
}
