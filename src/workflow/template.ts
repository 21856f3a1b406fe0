/** A piece of a text with `${…}`. `at` is where the code begins in the text. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly code: string; readonly at: number }

/** `${secret:` and the like are not ours: operators resolve them (as in Digdag). */
const RESERVED = /^\$\{[a-z]+:/

/**
 * Cuts a text into literals and expressions. Braces inside an expression are counted, also those in its strings; an unclosed `${` makes all
 * that follows literal, and `${}` is nothing. In literals `$$` is `$`: runs collapse in pairs, after the `$` of a `${` is set aside.
 */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = []
  let literal = 0
  let at = text.indexOf('${')
  while (at >= 0) {
    const start = at + 2
    const end = RESERVED.test(text.slice(at, at + 64)) ? -1 : findClose(text, start)
    if (end === undefined) break
    if (end >= 0) {
      parts.push(literalOf(text.slice(literal, at)))
      if (end > start) parts.push({ kind: 'code', code: text.slice(start, end), at: start })
      literal = end + 1
    }
    at = text.indexOf('${', Math.max(end + 1, start))
  }
  return [...parts, literalOf(text.slice(literal))]
}

function literalOf(text: string): TemplatePart {
  return { kind: 'text', text: text.replaceAll('$$', () => '$') }
}

function findClose(text: string, from: number): number | undefined {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++
    if (text[at] === '}' && --depth === 0) return at
  }
  return undefined
}
