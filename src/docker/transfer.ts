import type { BuildEvent } from './build-events.ts'

export type Transferred = {
  /** Of the manifest, when something was pushed. */
  readonly digest: string | null
  /** What the engine or the registry said instead of doing it. */
  readonly failure: string | null
}

/** Lines about a push or a pull come no oftener than this: a person sees that it goes on, and no log is filled. */
const SAY_MS = 3000
const MIB = 2 ** 20

/** Folds the events of one push or pull, and says from time to time how far it is: `  12 of 380 MiB`. */
export async function followTransfer(
  events: AsyncIterable<BuildEvent>,
  tell: (line: string) => void,
  clock: () => number = () => performance.now(),
): Promise<Transferred> {
  const layers = new Map<string, { current: number; total: number }>()
  let transferred: Transferred = { digest: null, failure: null }
  let sayAt = clock() + SAY_MS
  for await (const { id, status, progressDetail, aux, error } of events) {
    transferred = { digest: aux?.Digest ?? transferred.digest, failure: error ?? transferred.failure }
    const isMoving = status === 'Pushing' || status === 'Downloading'
    if (isMoving && id !== undefined && progressDetail?.current !== undefined) {
      const { current, total = current } = progressDetail
      layers.set(id, { current, total: Math.max(current, total) })
    }
    if (clock() < sayAt || layers.size === 0) continue
    sayAt = clock() + SAY_MS
    tell(`  ${sum(layers, 'current')} of ${sum(layers, 'total')} MiB`)
  }
  return transferred
}

function sum(layers: ReadonlyMap<string, { current: number; total: number }>, what: 'current' | 'total'): number {
  const bytes = [...layers.values()].reduce((sum, layer) => sum + layer[what], 0)
  return Math.ceil(bytes / MIB)
}
