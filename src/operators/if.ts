import { readBoolean } from '../workflow/coerce.ts'
import { configError, need, needCommand } from './config-error.ts'
import type { Operator } from './operator.ts'
import { needBody } from './subtasks.ts'

/** `if>: CONDITION` runs `_do` or `_else_do`. The branch itself is the generated task. */
export const ifOperator: Operator = {
  name: 'if',
  isRepeatable: true,
  retries: false,
  options: ['_do', '_else_do'],
  plan: ({ command, local }) => {
    const hint = 'Write a condition that gives true or false.'
    const isTrue = need(readBoolean('_command', needCommand(command, hint)), hint)
    if ((local._do ?? local._else_do ?? null) === null)
      throw configError('Both _do and _else_do are not specified.', 'Write a task below _do.')
    const branch = isTrue ? '_do' : '_else_do'
    return (local[branch] ?? null) === null ? { kind: 'nothing' } : { kind: 'subtasks', tree: needBody(local, branch) }
  },
}
