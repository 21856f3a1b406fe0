import { availableParallelism } from 'node:os'

type State = Int32Array<SharedArrayBuffer>

/** A thread that sleeps needs 0.05 to 0.3 ms to wake up, as long as most expressions take: so it looks for this long before it falls asleep. */
const LOOK_MS = 0.5
/** Where both threads have one processor between them, who looks keeps the other from its work: after two looks in vain only every so manyth wait. */
const LOOK_AGAIN = 32
const CAN_LOOK = availableParallelism() > 1

/** Gives what waits until the state holds another value than `value`, but no longer than `ms`; without it, for ever. One for each who waits. */
export function openWait(): (state: State, value: number, ms?: number) => void {
  let inVain = 0
  return (state, value, ms) => {
    const mayLook = CAN_LOOK && (inVain < 2 || inVain % LOOK_AGAIN === 0)
    inVain = mayLook && isSeenToChange(state, value) ? 0 : inVain + 1
    Atomics.wait(state, 0, value, ms)
  }
}

function isSeenToChange(state: State, value: number): boolean {
  const startedAt = performance.now()
  while (performance.now() - startedAt < LOOK_MS) if (Atomics.load(state, 0) !== value) return true
  return false
}
