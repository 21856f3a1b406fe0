import type { Ring, WakeUps } from './wake-ups.ts'

/** What a backend brings: BullMQ's objects on one store. */
export type Store = {
  readonly backend: WakeUps['backend']
  openQueue(name: string): Queue
  /** One worker a name; they hear at once. */
  openWorkers(names: readonly string[], look: () => Promise<void>): readonly { close(): Promise<unknown> }[]
  /** True when it is known, without asking, that the store is away. */
  isAway(): boolean
  ping(): Promise<unknown>
  close(): Promise<unknown>
}

type Queue = {
  addBulk(jobs: { name: string; data: object; opts: { jobId: string } }[]): Promise<unknown>
  getWaitingCount(): Promise<number>
  close(): Promise<unknown>
}

/** BullMQ swallows a ring whose id it still knows: nothing is kept, neither what completed nor what failed. */
export const FORGET = { removeOnComplete: true, removeOnFail: true, attempts: 1 }

/**
 * A look that died with its process keeps its id until it counts as stalled and is dropped, 9 s at most (BullMQ's defaults: a minute).
 * `runRetryDelay`: how long a worker rests after its store was away (default: 15 s).
 */
export const HEARING = { maxStalledCount: 0, lockDuration: 6_000, stalledInterval: 3_000, runRetryDelay: 1_000 }

/** No caller waits longer than this for a store that does not answer. */
const LIMIT_MS = 1_000
const CLOSE_LIMIT_MS = 5_000

/** Wake-ups on `store`. Queues of one `namespace` hear each other, across processes and hosts. */
export function openOn(store: Store, namespace: string, report: (error: unknown) => void): WakeUps {
  const queues = new Map<string, Queue>()
  const workers: { close(): Promise<unknown> }[] = []
  const nameOf = (queue: string) => `${namespace}-${encodeURIComponent(queue)}` // BullMQ refuses colons
  const queueOf = (queue: string) => {
    const known = queues.get(queue) ?? store.openQueue(nameOf(queue))
    queues.set(queue, known)
    return known
  }
  // BullMQ keeps a first contact that failed for good: the next ring gets a queue of its own.
  const forget = (queue: string, error: unknown) => {
    report(error)
    const broken = queues.get(queue)
    queues.delete(queue)
    return broken?.close().catch(report)
  }
  const ringOn = async (queue: string, rings: readonly Ring[]) => queueOf(queue).addBulk(rings.map(jobOf))
  const countOn = async (queue: string) => [queue, await queueOf(queue).getWaitingCount()] as const
  return {
    backend: store.backend,
    async ring(rings) {
      if (rings.length === 0 || store.isAway()) return
      const adds = [...new Set(rings.map((ring) => ring.queue))].map((queue) =>
        ringOn(
          queue,
          rings.filter((ring) => ring.queue === queue),
        ).catch((error) => forget(queue, error)),
      )
      await atMost(LIMIT_MS, Promise.all(adds), undefined)
    },
    hear(names, look) {
      workers.push(...store.openWorkers(names.map(nameOf), look))
    },
    async depths(names) {
      if (store.isAway()) return {}
      const counts = names.map((queue) =>
        atMost(LIMIT_MS, countOn(queue), undefined).catch((e) => void forget(queue, e)),
      )
      return Object.fromEntries((await Promise.all(counts)).filter((count) => count !== undefined))
    },
    async isReachable() {
      if (store.isAway()) return false
      const pong = store.ping().then(
        () => true,
        () => false,
      )
      return atMost(LIMIT_MS, pong, false)
    },
    async close() {
      await atMost(CLOSE_LIMIT_MS, Promise.allSettled(workers.map((worker) => worker.close())), undefined)
      await atMost(CLOSE_LIMIT_MS, Promise.allSettled([...queues.values()].map((queue) => queue.close())), undefined)
      await store.close()
    },
  }
}

const jobOf = ({ kind, id, epoch }: Ring) => ({ name: 'look', data: {}, opts: { jobId: `${kind}-${id}-${epoch}` } })

async function atMost<T, Late>(ms: number, promise: Promise<T>, late: Late): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<Late>((resolve) => {
    timer = setTimeout(resolve, ms, late)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}
