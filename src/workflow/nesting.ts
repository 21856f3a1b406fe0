import type { Json } from '../brand.ts'

/** PostgreSQL and JSON.stringify both go down a value by recursion: what is nested deeper ends in a full stack. */
export const MAX_NESTING = 500

export function isNestedTooDeeply(value: Json | undefined): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_NESTING) return true
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return false
}
