import type { Json } from '../brand.ts'

/** A value that a directive could not use. `message` is worded like Digdag's. */
export type Coerced<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string }

const TRUE = new Set(['true', 'True', 'TRUE'])
const FALSE = new Set(['false', 'False', 'FALSE', '', 'null'])

/** Texts count as booleans only in these spellings, whole numbers when they are no text (as in Digdag). */
export function readBoolean(key: string, value: Json | undefined): Coerced<boolean> {
  if (typeof value === 'boolean') return { ok: true, value }
  if (Number.isInteger(value)) return { ok: true, value: value !== 0 }
  if (typeof value === 'string' && TRUE.has(value.trim())) return { ok: true, value: true }
  if (typeof value === 'string' && FALSE.has(value.trim())) return { ok: true, value: false }
  return refused(key, value, "'true' or 'false'")
}

export function readInteger(key: string, value: Json | undefined): Coerced<number> {
  const number = integerOf(value)
  if (number !== undefined && number >= -(2 ** 31) && number < 2 ** 31) return { ok: true, value: number } // as in Digdag
  return refused(key, value, 'integer (int) type')
}

/** As `readInteger`, without its bounds. */
export function readLong(key: string, value: Json | undefined): Coerced<number> {
  const number = integerOf(value)
  return number === undefined ? refused(key, value, 'integer (long) type') : { ok: true, value: number }
}

function integerOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Math.trunc(value)
  return typeof value === 'string' && /^\s*(?:[-+]?\d+)?\s*$/.test(value) ? Number(value) : undefined
}

export function readText(key: string, value: Json | undefined): Coerced<string> {
  if (typeof value === 'string') return { ok: true, value }
  if (typeof value === 'number' || typeof value === 'boolean') return { ok: true, value: String(value) }
  return refused(key, value, 'string type')
}

export function readList(key: string, value: Json | undefined): Coerced<readonly Json[]> {
  const list = typeof value === 'string' ? parseJson(value) : value
  if (Array.isArray(list)) return { ok: true, value: list }
  return refused(key, value, 'array type')
}

/** Undefined when the text is no JSON: templates always give texts, so lists and mappings arrive as JSON (as in Digdag). */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refused(key: string, value: Json | undefined, expected: string): { ok: false; message: string } {
  if (value === undefined) return { ok: false, message: `Parameter '${key}' is required but not set` }
  if (value === null) return { ok: false, message: `Parameter '${key}' is required but null` }
  return { ok: false, message: sayWrongType(key, value, expected) }
}

/** Digdag's sentence on a value of the wrong type; it quotes 100 characters at most. */
export function sayWrongType(key: string, value: Json, expected: string): string {
  const text = JSON.stringify(value)
  const shown = text.length < 100 ? text : `${text.slice(0, 97)}...`
  return `Expected ${expected} for key '${key}' but got ${shown} (${Array.isArray(value) ? 'array' : typeof value})`
}
