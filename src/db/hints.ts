import type { Database } from './sql.ts'

/** Something changed: look again. A hint may be lost, doubled or late; whoever waits on one also looks from time to time. */
export type Topic =
  | `log:${string}`
  | `task:${string}`
  | `attempt:${string}`
  | `deploy:${string}`
  | `build:${string}`
  | `project:${string}`
  /** A task waits that only this worker may take. */
  | `worker:${string}`
  | 'workers'

export type Hints = {
  /** Calls `look` for each hint on `topic` until the returned function is called. */
  hear(topic: Topic, look: () => void): () => void
  close(): Promise<void>
}

/** Say a hint with `select pg_notify('sluice', topic)`, inside the transaction that makes it true. */
export async function openHints(sql: Database): Promise<Hints> {
  const ears = new Map<string, Set<() => void>>()
  const tell = (topic: string) => {
    for (const look of ears.get(topic) ?? []) look()
  }
  const tellAll = () => [...ears.keys()].forEach(tell) // after a reconnect: what was said meanwhile is lost
  const { unlisten } = await sql.listen('sluice', tell, tellAll)
  return {
    hear(topic, look) {
      const looks = ears.get(topic) ?? new Set()
      ears.set(topic, looks.add(look))
      return () => {
        looks.delete(look)
        if (looks.size === 0 && ears.get(topic) === looks) ears.delete(topic)
      }
    },
    close: unlisten,
  }
}
