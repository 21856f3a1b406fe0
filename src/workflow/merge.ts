import { ExactNumber, type Json, type JsonObject } from '../brand.ts'

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
}

/** Objects merge deeply, everything else is replaced, and a key keeps the place where it was first (as in Digdag). */
export function mergeObjects(below: JsonObject, above: JsonObject): JsonObject {
  const merged = new Map<string, Json>(Object.entries(below))
  for (const [key, value] of Object.entries(above)) merged.set(key, mergeValues(merged.get(key), value))
  return Object.fromEntries(merged)
}

function mergeValues(below: Json | undefined, above: Json): Json {
  return isJsonObject(below) && isJsonObject(above) ? mergeObjects(below, above) : above
}

/** `path` is dotted: `http.last_content`. */
export function removePath(from: JsonObject, path: string): JsonObject {
  const [head = '', ...tail] = path.split('.')
  if (!Object.hasOwn(from, head)) return from
  if (tail.length === 0) return Object.fromEntries(Object.entries(from).filter(([key]) => key !== head))
  const inner = from[head]
  return isJsonObject(inner) ? { ...from, [head]: removePath(inner, tail.join('.')) } : from
}

export function pickKeys(from: JsonObject, wanted: (key: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(from).filter(([key]) => wanted(key)))
}
