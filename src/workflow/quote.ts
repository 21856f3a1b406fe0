import type { Json } from '../brand.ts'
import { printJson } from '../json.ts'

const MOST_LETTERS = 60

/** A value in a message for people, who know a long one by its beginning. */
export function quote(value: Json): string {
  const text = printJson(value)
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text
}
