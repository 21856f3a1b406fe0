import { availableParallelism } from 'node:os'

type State = Int32Array<SharedArrayBuffer>

/** A thread that sleeps needs 0.05 to 0.3 ms to wake up, as long as most expressions take: so it looks for this long before it falls asleep. */
const LOOK_MS = 0.5
/** Where both threads have one processor between them, who looks keeps the other from its work: after two looks in vain only each 32nd wait has one. */
const LOOK_AGAIN = 32
const CAN_LOOK = availableParallelism() > 1

/**
 * Gives what waits until the state holds another value than `value`, but no longer than `ms`; without it, for ever. Each who waits has one of its own: it
 * remembers whether looking is of use.
 */
export function openWait(): (state: State, value: number, ms?: number) => void {
  let sinceSeen = 0
  return (state, value, ms) => {
    const mayLook = CAN_LOOK && (sinceSeen < 2 || sinceSeen % LOOK_AGAIN === 0)
    sinceSeen = mayLook && isSeenToChange(state, value) ? 0 : sinceSeen + 1
    Atomics.wait(state, 0, value, ms)
  }
}

function isSeenToChange(state: State, value: number): boolean {
  const startedAt = performance.now()
  while (performance.now() - startedAt < LOOK_MS) if (Atomics.load(state, 0) !== value) return true
  return false
}
