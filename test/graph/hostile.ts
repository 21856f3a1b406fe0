import type { JsonObject } from '../../src/brand.ts'

/** Letters that mean something to somebody: to XML, to Mermaid, to a terminal, to a reader. */
export const HOSTILE_WORDS = [
  '</text></svg><script>alert(1)</script>',
  '"]\n  click t1 href "javascript:alert(1)"\n  t9["',
  '<img src=x onerror=alert(1)>&amp;&#60;',
  ']]><!--<![CDATA[',
  '\u0000\u0007\u001b[2J\u009b\u2028\u202e\ufeff\ufffe\ud800',
  '%%{init: {"securityLevel": "loose"}}%%',
  'style x:#fff;',
  '`**bold**` end subgraph #quot; #35;',
  'x'.repeat(10_000),
  '\u{1f4a9}'.repeat(5000),
]

/** A workflow that says them everywhere where a file could. */
export const HOSTILE_CONFIG: JsonObject = Object.fromEntries(
  HOSTILE_WORDS.flatMap((word, at) => [
    [`+t${at}`, { 'sh>': word, _error: { 'echo>': word } }],
    [`+d${at}`, { [`${word}>`]: word, _disable: true }],
    [`+e${at}`, { 'for_each>': { [word]: [word] }, _do: { [`+x${word}`]: { 'echo>': word } } }],
    [`+r${at}`, { 'require>': word }],
  ]),
)
