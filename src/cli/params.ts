import { InvalidArgumentError } from 'commander'
import type { JsonObject } from '../brand.ts'

/** Collects `-p a.b=c`: dots nest, values are always strings, later ones win. */
export function collectParam(word: string, before: JsonObject = {}): JsonObject {
  const at = word.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must look like key=value.')
  return put(before, word.slice(0, at).split('.'), word.slice(at + 1))
}

function put(into: JsonObject, [key = '', ...rest]: readonly string[], value: string): JsonObject {
  if (rest.length === 0) return { ...into, [key]: value }
  const inner = into[key]
  return { ...into, [key]: put(isObject(inner) ? inner : {}, rest, value) }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
