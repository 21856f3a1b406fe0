import { type FSWatcher, watch } from 'node:fs'

/** Wakes whoever waits for files of one run. Never the record: an event may be lost, so every wait has an end. */
export type SpoolWatch = {
  /** Files whose names begin with `prefix`. */
  on(prefix: string): Changes
  close(): void
}

export type Changes = {
  readonly count: number
  /** Resolves at the first change after the `since`th, or after `ms`. */
  next(since: number, ms: number): Promise<void>
  close(): void
}

export function openSpoolWatch(folder: string): SpoolWatch {
  const listeners = new Map<symbol, (name: string | null) => void>()
  const watcher: FSWatcher = watch(folder, { persistent: false }, (_, name) => {
    for (const hear of listeners.values()) hear(name)
  })
  // The folder has gone with its attempt: the slow looks of those who wait will see it.
  watcher.on('error', () => watcher.close())
  return {
    on(prefix) {
      const key = Symbol(prefix)
      const changes = countChanges(() => listeners.delete(key))
      listeners.set(key, (name) => (name === null || name.startsWith(prefix)) && changes.happen())
      return changes
    },
    close: () => watcher.close(),
  }
}

function countChanges(close: () => void): Changes & { happen(): void } {
  let count = 0
  let wake: (() => void) | undefined
  return {
    get count() {
      return count
    },
    happen() {
      count += 1
      wake?.()
    },
    async next(since, ms) {
      if (count > since) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, ms))
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
    close,
  }
}
