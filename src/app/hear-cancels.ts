import type { AttemptId } from '../brand.ts'
import type { Hints } from '../db/hints.ts'

/** An attempt moves many times a second; one look serves all hints of so long. */
const HINT_MS = 30

/** Looks for cancellations soon after an attempt has moved; gives what ends it. */
export function hearCancels(
  hints: Pick<Hints, 'hear'> | undefined,
  attemptId: AttemptId,
  look: () => void,
): () => void {
  let timer: NodeJS.Timeout | undefined
  const deaf = hints?.hear(`attempt:${attemptId}`, () => {
    timer ??= setTimeout(() => {
      timer = undefined
      look()
    }, HINT_MS)
  })
  return () => {
    clearTimeout(timer)
    deaf?.()
  }
}
