import { z } from 'zod'
import { Refusal } from '../../refusal.ts'

/** What `schema` makes of a body. Throws a Refusal that names every field that is wrong. */
export function check<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new Refusal('invalid', z.prettifyError(result.error), 'Correct the fields that are named.')
}
