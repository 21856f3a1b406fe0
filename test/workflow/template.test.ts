import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTemplate, type TemplatePart } from '../../src/workflow/template.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

/** Neighbouring texts as one, none that is empty. */
function join(parts: readonly TemplatePart[]): readonly (string | { readonly code: string })[] {
  const joined: (string | { readonly code: string })[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (part.kind === 'code') joined.push({ code: part.code })
    else if (typeof last === 'string') joined[joined.length - 1] = last + part.text
    else if (part.text !== '') joined.push(part.text)
  }
  return joined
}

const literal = fc
  .string({ unit: fc.constantFrom('a', '$', '{', '}', ' ', ':', '\n', 'ü'), minLength: 1 })
  .filter((text) => !text.includes('${'))
/** Braces balance, and it is no name of an operator's. */
const code = fc
  .letrec<{ code: string }>((tie) => ({
    code: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: fc.constantFrom('a', '$', ' ', "'", ';', 'B', '.'), minLength: 1 }),
      tie('code').map((inner) => `{${inner}}`),
      fc.tuple(tie('code'), tie('code')).map(([one, other]) => one + other),
    ),
  }))
  .code.filter((text) => !/^[a-z]+:/.test(text))

describe('a template', () => {
  it.each<[string, readonly (string | { code: string })[]]>([
    ['', []],
    ['a', ['a']],
    ['${a}', [{ code: 'a' }]],
    ['${}', []],
    ['${ }', [{ code: ' ' }]],
    ['x${a}y${b}', ['x', { code: 'a' }, 'y', { code: 'b' }]],
    ['${{a: {}}.a}', [{ code: '{a: {}}.a' }]],
    ['${secret:a} ${b}', ['${secret:a} ', { code: 'b' }]],
    ['${secret:${b}}', ['${secret:', { code: 'b' }, '}']],
    ['$${a} $$${a} $$$${a}', ['$', { code: 'a' }, ' $', { code: 'a' }, ' $$', { code: 'a' }]],
    ['${a} ${b ${a}', [{ code: 'a' }, ' ${b ${a}']],
    ['$$ ${b $$', ['$ ${b $']],
    ['${Foo:a}', [{ code: 'Foo:a' }]],
  ])('%j is cut', (text, parts) => {
    expect(join(parseTemplate(text))).toEqual(parts)
  })

  it(
    'is cut into what it was written from, with the place of each expression',
    () => {
      const parts = fc.array(
        fc.oneof(
          literal,
          code.map((one) => ({ code: one })),
        ),
      )
      fc.assert(
        fc.property(parts, (drawn) => {
          const text = drawn
            .map((part) => (typeof part === 'string' ? part.replaceAll('$', () => '$$') : `\${${part.code}}`))
            .join('')
          fc.pre(!drawn.some((part, at) => typeof part === 'string' && /\$$/.test(part) && isText(drawn[at + 1])))
          const cut = parseTemplate(text)
          const texts = drawn.map(
            (part): TemplatePart =>
              typeof part === 'string' ? { kind: 'text', text: part } : { kind: 'code', code: part.code, at: 0 },
          )
          expect(join(cut)).toEqual(join(texts))
          for (const part of cut)
            if (part.kind === 'code')
              expect(text.slice(part.at - 2, part.at + part.code.length + 1)).toBe(`\${${part.code}}`)
        }),
        effort(500),
      )
    },
    PROPERTY_MS,
  )

  const isText = (part: unknown) => typeof part === 'string'

  it.each(['${', '${a:', '${{', '$', '$${', '${a}'])('of a hundred thousand %s is cut in time', (piece) => {
    const startedAt = performance.now()
    parseTemplate(piece.repeat(100_000))
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })
})
