import type { Json, JsonObject } from '../brand.ts'
import { isNumber, readInteger } from '../workflow/coerce.ts'
import { isJsonObject } from '../workflow/merge.ts'

/** `_retry` (as in Digdag). */
export type RetryPolicy = {
  readonly limit: number
  readonly intervalMs: number
  readonly backoff: 'constant' | 'exponential'
  /** Caps an exponential delay only, as in Digdag. */
  readonly maxIntervalMs: number | null
  /** The loss of a worker counts as an error, unless `on: [error]` says that only errors do. */
  readonly onLoss: boolean
}

export type ReadRetry =
  | { readonly ok: true; readonly policy: RetryPolicy }
  | { readonly ok: false; readonly message: string }

const ONCE = { intervalMs: 0, backoff: 'constant', maxIntervalMs: null, onLoss: true } as const

/** Reads `_retry: 3`, `'3'` or `{limit, interval, interval_type, max_interval, on}`. Evaluated params are texts, so numbers come as either. */
export function readRetry(value: Json): ReadRetry {
  if (isJsonObject(value)) return readRetryMap(value)
  if (!isNumber(value) && typeof value !== 'string')
    return { ok: false, message: `Invalid _retry format:${JSON.stringify(value)}` }
  const limit = readInteger('_retry', value)
  return limit.ok ? { ok: true, policy: { ...ONCE, limit: limit.value } } : limit
}

function readRetryMap(map: JsonObject): ReadRetry {
  const backoff = String(map.interval_type ?? 'constant').toLowerCase()
  if (backoff !== 'constant' && backoff !== 'exponential')
    return { ok: false, message: `Invalid retry_interval_type: ${map.interval_type}` }
  const limit = readInteger('limit', map.limit)
  const interval = readInteger('interval', map.interval ?? 0)
  const max = readInteger('max_interval', map.max_interval ?? 0)
  if (!limit.ok) return limit
  if (!interval.ok) return interval
  if (!max.ok) return max
  const maxIntervalMs = map.max_interval === undefined ? null : max.value * 1000
  const policy = { limit: limit.value, intervalMs: interval.value * 1000, backoff, maxIntervalMs } as const
  return { ok: true, policy: { ...policy, onLoss: countsLoss(map.on) } }
}

const countsLoss = (on: Json | undefined): boolean =>
  on === undefined || (Array.isArray(on) ? on : [on]).includes('lost')

/** The delay before the n-th try again; n counts from 0. */
export function retryDelayMs({ intervalMs, backoff, maxIntervalMs }: RetryPolicy, n: number): number {
  if (backoff === 'constant') return intervalMs
  return Math.min(intervalMs * 2 ** n, maxIntervalMs ?? Number.POSITIVE_INFINITY, LONGEST_MS)
}

/** Beyond it `Date` overflows; a year is as good as never. */
const LONGEST_MS = 365 * 24 * 3600 * 1000
