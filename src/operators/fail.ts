import { isNumber, readText } from '../workflow/coerce.ts'
import { need } from './config-error.ts'
import type { Operator } from './operator.ts'

/** `fail>: MESSAGE` ends the task in error with exactly MESSAGE. */
export const fail: Operator = {
  name: 'fail',
  isRepeatable: true,
  retries: false,
  plan: ({ command }) => {
    if (command === undefined || command === null) return { kind: 'fail', message: '' }
    return { kind: 'fail', message: need(readText('_command', needJson(command)), 'Write a text: fail>: why.') }
  },
}

function needJson(command: unknown) {
  return typeof command === 'string' || isNumber(command) || typeof command === 'boolean' ? command : []
}
