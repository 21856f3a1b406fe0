/** A piece of a text with `${…}`. `at` is where the code begins in the text. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly code: string; readonly at: number }

/** `${secret:` and the like are not ours: operators resolve them (as in Digdag). */
const RESERVED = /^\$\{[a-z]+:/

/**
 * Cuts a text into literals and expressions. Braces inside an expression are counted, also those in its strings; an unclosed `${` makes all
 * that follows literal. In literals `$$` is `$`: runs collapse in pairs, after the `$` of a `${` is set aside.
 */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = []
  let literal = 0
  let at = text.indexOf('${')
  while (at >= 0) {
    const end = RESERVED.test(text.slice(at, at + 64)) ? -1 : findClose(text, at + 2)
    if (end === undefined) break
    if (end >= 0) {
      parts.push(literalOf(text.slice(literal, at)), { kind: 'code', code: text.slice(at + 2, end), at: at + 2 })
      literal = end + 1
    }
    at = text.indexOf('${', Math.max(end + 1, at + 2))
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
