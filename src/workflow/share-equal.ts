import { ExactNumber, type Json, type JsonObject } from '../brand.ts'

/** Longer texts are rarely the same. */
const LONG = 48

/**
 * Makes equal parts one object, in place: workflows repeat their limits, environments and lists, and hundreds of them may be held at a time. What holds
 * a long text counts as equal to nothing.
 */
export function shareEqual(config: JsonObject): JsonObject {
  const texts = new Map<string, string>()
  const parts = new Map<string, Json>()
  /** Of each text and part that is kept. */
  const numbers = new Map<Json, number>()

  /** The first one that is equal. */
  function share(value: Json): Json {
    if (typeof value === 'string') return value.length > LONG ? value : keep(texts, value, value)
    return isComposed(value) ? shareParts(value) : value
  }

  function shareParts(value: Composed): Json {
    const own = value as Record<string, Json>
    for (const [name, part] of Object.entries(value)) own[name] = share(part)
    const key = keyOf(value)
    return key === undefined ? value : keep(parts, key, value)
  }

  function keep<Kept extends Json>(known: Map<string, Kept>, key: string, value: Kept): Kept {
    const found = known.get(key)
    if (found !== undefined) return found
    known.set(key, value)
    numbers.set(value, numbers.size)
    return value
  }

  /** Equal parts have equal keys. Undefined for one that is not to be shared. Texts and names stand as numbers, since they may hold what separates. */
  function keyOf(value: Composed): string | undefined {
    let key = Array.isArray(value) ? '[' : '{'
    for (const [name, part] of Object.entries(value)) {
      const number = typeof part === 'string' || isComposed(part) ? numbers.get(part) : `=${part}`
      if (number === undefined) return undefined
      key += `${numberOf(name)}:${number},`
    }
    return key
  }

  function numberOf(name: string): number {
    return numbers.get(keep(texts, name, name)) as number // it was kept
  }

  share(config)
  return config
}

type Composed = JsonObject | readonly Json[]

function isComposed(value: Json): value is Composed {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber)
}
