import { ExactNumber, type Json, type JsonObject } from '../brand.ts'
import { parseJson as parse, printJson } from '../json.ts'
import { isJsonObject } from './merge.ts'

/** A value that a directive could not use. `message` is worded like Digdag's. */
export type Coerced<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string }

const TRUE = new Set(['true', 'True', 'TRUE'])
const FALSE = new Set(['false', 'False', 'FALSE', '', 'null'])

/** Texts count as booleans only in these spellings, and whole numbers when they are no text (as in Digdag). */
export function readBoolean(key: string, value: Json | undefined): Coerced<boolean> {
  if (typeof value === 'boolean') return { ok: true, value }
  if (typeof value === 'number' && Number.isInteger(value)) return { ok: true, value: value !== 0 }
  if (typeof value === 'string' && TRUE.has(value.trim())) return { ok: true, value: true }
  if (typeof value === 'string' && FALSE.has(value.trim())) return { ok: true, value: false }
  return refused(key, value, "'true' or 'false'")
}

/** 32 bits. */
export function readInteger(key: string, value: Json | undefined): Coerced<number> {
  const number = wholeNumber(value)
  if (number === undefined || number !== (number | 0)) return refused(key, value, 'integer (int) type')
  return { ok: true, value: number }
}

/** As many as are exact. */
export function readLong(key: string, value: Json | undefined): Coerced<number> {
  const number = wholeNumber(value)
  if (number === undefined || !Number.isSafeInteger(number)) return refused(key, value, 'integer (long) type')
  return { ok: true, value: number }
}

function wholeNumber(value: Json | undefined): number | undefined {
  if (isNumber(value)) return Math.trunc(Number(value))
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (text === '' || text === 'null') return 0
  return /^[-+]?\d+$/.test(text) ? Number(text) : undefined
}

export function readText(key: string, value: Json | undefined): Coerced<string> {
  if (typeof value === 'string') return { ok: true, value }
  if (isNumber(value) || typeof value === 'boolean') return { ok: true, value: String(value) }
  return refused(key, value, 'string type')
}

export function readList(key: string, value: Json | undefined): Coerced<readonly Json[]> {
  const list = typeof value === 'string' ? (parseJson(value) ?? value) : value
  return Array.isArray(list) ? { ok: true, value: list } : refused(key, list, 'array type')
}

export function readObject(key: string, value: Json | undefined): Coerced<JsonObject> {
  const object = typeof value === 'string' ? parseJson(value) : value
  if (isJsonObject(object)) return { ok: true, value: object }
  if (value === undefined || value === null) return refused(key, value, '')
  return { ok: false, message: `Parameter '${key}' must be an object` }
}

/** Undefined when the text is no JSON: templates always give texts, so lists and mappings arrive as JSON (as in Digdag). */
export function parseJson(text: string): Json | undefined {
  try {
    return parse(text)
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
  const text = printJson(value)
  const shown = text.length < 100 ? text : `${text.slice(0, 97)}...`
  return `Expected ${expected} for key '${key}' but got ${shown} (${kindOf(value)})`
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'array'
  return isNumber(value) ? 'number' : typeof value
}

export function isNumber(value: unknown): value is number | ExactNumber {
  return typeof value === 'number' || value instanceof ExactNumber
}
