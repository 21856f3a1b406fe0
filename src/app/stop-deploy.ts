import { Refusal } from '../refusal.ts'
import { refusalLines } from './deploy-lines.ts'

/** What a step gives when the deploy ends with it; the step has told why. */
export type Stop = {
  readonly stop: 'declined' | 'failed' | 'replaced'
  /** One line, for lists. */
  readonly problem: string
  /** For whoever waits for an answer instead of reading the log. */
  readonly refusal: Refusal
}

export function stop(
  { tell }: { tell: (line: string) => void },
  problem: string,
  hint: string,
  how: { readonly stop?: Stop['stop']; readonly code?: Refusal['code'] } = {},
): Stop {
  for (const line of refusalLines(problem, hint)) tell(line)
  return { stop: how.stop ?? 'declined', problem, refusal: new Refusal(how.code ?? 'invalid', problem, hint) }
}
