import { isNumber } from './coerce.ts'
import type { LocatedScalar } from './located.ts'

/** What no process, page or database takes as it is. */
export function findTextFault(text: string): { readonly message: string; readonly hint: string } | undefined {
  if (text.includes('\0'))
    return { message: 'A text holds a NUL byte, which no process can be given', hint: 'Take it out.' }
  if (/[\ufffd\p{Cs}]/u.test(text))
    return {
      message: 'A text holds bytes that are no UTF-8, so nobody knows what they say',
      hint: 'Save the file as UTF-8.',
    }
  return undefined
}

/** Undefined when a value of this type means nothing in a workflow. */
export function scalarValue(value: unknown): LocatedScalar['value'] | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  return isNumber(value) ? value : undefined
}
