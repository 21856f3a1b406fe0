import { readInteger } from '../workflow/coerce.ts'
import { configError, need, needCommand } from './config-error.ts'
import type { Operator } from './operator.ts'
import { iterate, iteration, MAX_SUBTASKS, needBody } from './subtasks.ts'

/** `loop>: N` runs `_do` N times with `i` from 0. A param `count`, inherited or not, wins over N (as in Digdag). */
export const loop: Operator = {
  name: 'loop',
  isRepeatable: true,
  retries: false,
  plan: (task) => {
    const hint = 'Write how often: loop>: 3.'
    const command = needCommand(task.command, hint)
    const key = task.params.count === undefined ? '_command' : 'count'
    const count = need(readInteger(key, task.params.count ?? command), hint)
    const body = needBody(task.local, '_do')
    if (count > MAX_SUBTASKS) throw configError(`Too many loop subtasks. Limit: ${MAX_SUBTASKS}`, 'Loop over fewer.')
    const turns = Array.from({ length: Math.max(count, 0) }, (_, i) => [`+loop-${i}`, iteration(body, { i })] as const)
    return iterate(task, turns)
  },
}
