import type { Json } from '../brand.ts'
import { Refusal } from '../refusal.ts'
import type { Coerced } from '../workflow/coerce.ts'

/** A task that is written wrongly. The ending is Digdag's, and clients look for it. */
export function configError(message: string, hint: string): Refusal {
  return new Refusal('invalid', `${message} (config)`, hint)
}

/** The value, or the refusal that ends `plan`. */
export function need<Value>(read: Coerced<Value>, hint: string): Value {
  if (read.ok) return read.value
  throw configError(read.message, hint)
}

export function needCommand(command: unknown, hint: string): Json {
  if (command === undefined || command === null) throw configError("Parameter '_command' is required but not set", hint)
  return command as Json // the tree holds JSON only
}
