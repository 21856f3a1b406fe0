/** Upper bounds of a histogram's buckets, in seconds: those of Prometheus' own clients, which Flower has. What is longer goes into one more. */
export const RUNTIME_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

/** The index of the bucket that `seconds` falls into. */
export function bucketOf(seconds: number): number {
  const index = RUNTIME_BOUNDS.findIndex((bound) => seconds <= bound)
  return index === -1 ? RUNTIME_BOUNDS.length : index
}
