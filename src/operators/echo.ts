import { readText } from '../workflow/coerce.ts'
import { need, needCommand } from './config-error.ts'
import type { Operator } from './operator.ts'

/** `echo>: MESSAGE` writes MESSAGE to the task's log, byte for byte. */
export const echo: Operator = {
  name: 'echo',
  isRepeatable: true,
  retries: false,
  options: [],
  plan: ({ command }) => {
    const hint = 'Write a text: echo>: hello.'
    return { kind: 'log', text: need(readText('_command', needCommand(command, hint)), hint) }
  },
}
