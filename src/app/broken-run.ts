import type { TaskEvent } from '../attempt/decide.ts'
import { Refusal } from '../refusal.ts'
import type { Executor, Run } from '../spool/executor.ts'

const AGAIN_MS = 5_000

/** What becomes of a start that broke. Where only something is missing for the moment, such as room on the disk, and nothing of it has run, it is tried again; anything else fails it. */
export async function eventOfBreak(
  { executor, now }: { readonly executor: Pick<Executor, 'state'>; readonly now: () => Date },
  run: Run,
  error: unknown,
): Promise<Extract<TaskEvent, { kind: 'postponed' | 'failed' }>> {
  const isPassing = error instanceof Refusal && error.code === 'unavailable' && (await executor.state(run)) === 'absent'
  if (isPassing) return { kind: 'postponed', retryAt: new Date(now().getTime() + AGAIN_MS), exitCause: error.message }
  const message = `Sluice could not run it: ${error instanceof Error ? error.message : String(error)}`
  return { kind: 'failed', error: { message } }
}
