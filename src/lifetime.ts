import { isDatabaseAway } from './db/sql.ts'
import { Refusal } from './refusal.ts'

type Closer = () => Promise<unknown>

/** What was opened, to be closed in the opposite order. */
export type Lifetime = {
  /** Closes `opened` when its turn comes, and gives it back. */
  own<Opened extends { close(): Promise<unknown> }>(opened: Opened): Opened
  onEnd(close: Closer): void
  close(): Promise<void>
}

/** Opens with `open`; when that fails half-way, what was open is closed. */
export async function openLifetime<Result>(
  open: (lifetime: Lifetime) => Promise<Result>,
): Promise<{ readonly result: Result; close(): Promise<void> }> {
  const closers: Closer[] = []
  const lifetime: Lifetime = {
    own: (opened) => {
      closers.push(() => opened.close())
      return opened
    },
    onEnd: (close) => void closers.push(close),
    close: async () => {
      const errors: unknown[] = []
      // One that cannot be closed, such as a store that has gone, must not keep the others open.
      for (let close = closers.pop(); close !== undefined; close = closers.pop())
        await close().catch((error: unknown) => errors.push(error))
      if (errors.length > 0) throw errors[0]
    },
  }
  try {
    return { result: await open(lifetime), close: lifetime.close }
  } catch (error) {
    await lifetime.close()
    throw error
  }
}

/**
 * Opens, and stays until the process is told to stop (INT or TERM); gives the exit code. A signal that comes while it opens is obeyed once it is open, or at once by whatever waits with `stopping`.
 * The second signal ends the process where it stands: whatever it leaves, the next start picks up.
 */
export async function runUntilStopped(
  open: (stopping: AbortSignal) => Promise<{ close(): Promise<void> }>,
): Promise<number> {
  const stopping = new AbortController()
  const stopped = awaitSignal().then(() => stopping.abort())
  process.on('unhandledRejection', dieUnlessAway)
  try {
    const opened = await open(stopping.signal)
    await stopped
    process.once('SIGINT', leave).once('SIGTERM', leave)
    await opened.close()
    return 0
  } catch (error) {
    if (stopping.signal.aborted && error instanceof Error && error.name === 'AbortError') return 0
    if (!(error instanceof Refusal)) throw error
    console.error(`sluice: ${error.message}\n  ${error.hint}`)
    return 1
  }
}

/** postgres.js asks each new connection for its types in a promise that nobody holds. Whoever waits for a connection that is cut at that moment is told by another. */
function dieUnlessAway(error: unknown): void {
  if (!isDatabaseAway(error)) throw error
}

const leave = () => process.exit(1)

function awaitSignal(): Promise<void> {
  return new Promise((resolve) => {
    // A terminal's Ctrl-C reaches us and whoever started us, who passes it on: two at once are one.
    const stop = () => setTimeout(resolve, 100)
    process.once('SIGINT', stop).once('SIGTERM', stop)
  })
}
