import type { Json } from '../brand.ts'

/** Of a text without spaces around it. Spaces have one place each in it: with several, a thousand of them took years. */
const DURATION = /^(?:(\d+)\s*d\s*)?(?:(\d+)\s*h\s*)?(?:(\d+)\s*m\s*)?(?:(\d+)\s*s)?$/i

/** `1h 30m` in seconds; days, hours, minutes, seconds in this order (as in Digdag). Undefined when it is none. */
export function readDuration(value: Json): number | undefined {
  const match = typeof value === 'string' && /\d/.test(value) ? DURATION.exec(value.trim()) : null
  if (match === null) return undefined
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0))
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)
}
