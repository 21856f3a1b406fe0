import type { Json } from '../brand.ts'
import { printJson } from '../json.ts'
import { type Coerced, readBoolean, readInteger } from './coerce.ts'
import { isJsonObject } from './merge.ts'

/** Null is a sequence; otherwise how many may run at once, 0 for no limit. */
export function parseParallel(value: Json | undefined): Coerced<number | null> {
  if (value === undefined) return { ok: true, value: null }
  if (isJsonObject(value)) {
    const limit = readInteger('limit', value.limit)
    return limit.ok ? { ok: true, value: Math.max(limit.value, 0) } : limit
  }
  if (typeof value !== 'boolean' && typeof value !== 'string')
    return { ok: false, message: `Invalid _parallel format: ${printJson(value)}` }
  const parallel = readBoolean('_parallel', value)
  return parallel.ok ? { ok: true, value: parallel.value ? 0 : null } : parallel
}
