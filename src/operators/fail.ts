import type { Json } from '../brand.ts'
import { readText } from '../workflow/coerce.ts'
import { need } from './config-error.ts'
import type { Operator } from './operator.ts'

/** `fail>: MESSAGE` ends the task in error with exactly MESSAGE. */
export const fail: Operator = {
  name: 'fail',
  isRepeatable: true,
  retries: false,
  plan: ({ command }) => {
    if (command === undefined || command === null) return { kind: 'fail', message: '' }
    const text = readText('_command', command as Json) // the tree holds JSON only
    return { kind: 'fail', message: need(text, 'Write a text: fail>: why.') }
  },
}
