import type { z } from 'zod'
import { Refusal } from '../../refusal.ts'

/** What `schema` makes of a body. Throws a Refusal that names every field that is wrong. */
export function check<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new Refusal('invalid', result.error.issues.map(explain).join('; '), 'Correct the fields that are named.')
}

function explain({ path, message }: z.core.$ZodIssue): string {
  const what = message.replace(/^Invalid (input: )?/, '')
  return path.length === 0 ? `The body is wrong: ${what}` : `The field ${path.map(String).join('.')} is wrong: ${what}`
}
