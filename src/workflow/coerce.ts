import type { Json } from '../brand.ts'

/** A value that a directive could not use. `message` is worded like Digdag's. */
export type Coerced<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string }

const TRUE = new Set(['true', 'True', 'TRUE'])
const FALSE = new Set(['false', 'False', 'FALSE', ''])

/** Texts count as booleans only in these spellings, numbers when they are no text (as in Digdag). */
export function readBoolean(key: string, value: Json | undefined): Coerced<boolean> {
  if (typeof value === 'boolean') return { ok: true, value }
  if (typeof value === 'number') return { ok: true, value: value !== 0 }
  if (typeof value === 'string' && TRUE.has(value.trim())) return { ok: true, value: true }
  if (typeof value === 'string' && FALSE.has(value.trim())) return { ok: true, value: false }
  return refused(key, value, "Expected 'true' or 'false'")
}

export function readInteger(key: string, value: Json | undefined): Coerced<number> {
  if (typeof value === 'number') return { ok: true, value: Math.trunc(value) }
  if (typeof value === 'string' && /^\s*[-+]?\d+\s*$/.test(value)) return { ok: true, value: Number(value) }
  if (value === '') return { ok: true, value: 0 }
  return refused(key, value, 'Expected integer (int) type')
}

export function readText(key: string, value: Json | undefined): Coerced<string> {
  if (typeof value === 'string') return { ok: true, value }
  if (typeof value === 'number' || typeof value === 'boolean') return { ok: true, value: String(value) }
  return refused(key, value, 'Expected string type')
}

export function readList(key: string, value: Json | undefined): Coerced<readonly Json[]> {
  const list = typeof value === 'string' ? parseJson(value) : value
  if (Array.isArray(list)) return { ok: true, value: list }
  return refused(key, value, 'Expected array type')
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
  return { ok: false, message: `${expected} for key '${key}' but got ${quoted(value)}` }
}

function quoted(value: Json): string {
  const text = JSON.stringify(value)
  return `${text.length > 200 ? `${text.slice(0, 200)}…` : text} (${kindOf(value)})`
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'array'
  return typeof value
}
