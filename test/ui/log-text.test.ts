import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LOG_START, type LogCursor, type LogLine, readChunk, readCursor, writeCursor } from '../../src/ui/log-text.ts'
import { effort, PROPERTY_MS } from '../support/properties.ts'

const AT = new Date('2026-03-28T06:00:00Z')

/** Reads `chunks` as a page and its stream would, the cursor written and read between any two. */
function read(chunks: readonly (string | Uint8Array)[]): { shown: string[]; lines: LogLine[]; cursor: LogCursor } {
  let cursor = LOG_START
  const lines: LogLine[] = []
  const shown: string[] = []
  chunks.forEach((chunk, seq) => {
    const result = readChunk(cursor, { seq, at: AT, bytes: Buffer.from(chunk as string) })
    for (const line of result.lines) {
      lines.push(line)
      const text = line.spans.map((span) => span.text).join('')
      shown[line.number - 1] = line.continues && !line.clears ? (shown[line.number - 1] ?? '') + text : text
    }
    cursor = readCursor(writeCursor(result.cursor)) ?? LOG_START
  })
  return { shown, lines, cursor }
}

describe('a log as text', () => {
  it.each([
    ['lines', ['a\nb\n'], ['a', 'b']],
    ['an empty line', ['a\n\nb'], ['a', '', 'b']],
    ['a line over three chunks', ['a', 'b', 'c\nd'], ['abc', 'd']],
    ['Windows line ends', ['a\r\nb\r', '\nc'], ['a', 'b', 'c']],
    ['a progress bar', ['10 %\r20 %', '\r30 %\ndone'], ['30 %', 'done']],
    ['tabs and what is not ASCII', ['\tä€😀\n'], ['\tä€😀']],
    ['a character over two chunks', [Buffer.from('€').subarray(0, 1), Buffer.from('€').subarray(1)], ['€']],
    ['bytes that are no UTF-8', [Buffer.from([0x61, 0xff, 0x62])], ['a\ufffdb']],
    ['a NUL', ['a\0b'], ['a␀b']],
    ['markup, as text', ['<b onclick="x">&amp;'], ['<b onclick="x">&amp;']],
    ['colours', ['\x1b[31mred\x1b[0m plain'], ['red plain']],
    ['other sequences, dropped', ['a\x1b[2Kb\x1b[1;1Hc\x1b=d\x1b[?25le'], ['abcde']],
    ['a link, dropped to its text', ['\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x1b\\ here'], ['click here']],
    ['a string that never ends, up to its line', ['\x1b]0;title\nnext'], ['', 'next']],
    ['an escape over two chunks', ['a\x1b[3', '1mb'], ['ab']],
  ])('shows %s', (_what, chunks, shown) => {
    expect(read(chunks).shown).toEqual(shown)
  })

  it('keeps a colour over chunks and lines, and knows bold, dim and reset', () => {
    const { lines } = read(['\x1b[1;31mred', '\nstill\x1b[22m thin\x1b[39m plain\x1b[2mdim\x1b[38;5;9m?\x1b[m.'])
    const spans = lines.flatMap((line) =>
      line.spans.map(({ text, style }) => [text, style.colour, style.isBold, style.isDim]),
    )
    expect(spans).toEqual([
      ['red', 'r', true, false],
      ['still', 'r', true, false],
      [' thin', 'r', false, false],
      [' plain', '', false, false],
      ['dim', '', false, true],
      ['?', '', false, true],
      ['.', '', false, false],
    ])
  })

  it(
    'shows the same however it is cut into chunks',
    () => {
      const piece = fc.constantFrom(
        'a',
        'é',
        '😀',
        '\n',
        '\r',
        '\r\n',
        '\x1b[31m',
        '\x1b[0m',
        '\x1b]8;;http://x\x07',
        '\x1b]0;t\x1b\\',
        '\x1b[2K',
        '\t',
        '\0',
        '<i>',
      )
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(60), { maxLength: 6 }), (pieces, cuts) => {
          const bytes = Buffer.from(pieces.join(''))
          const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
          const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
          expect(read(chunks).shown).toEqual(read([bytes]).shown)
        }),
        effort(100),
      )
    },
    PROPERTY_MS,
  )

  it(
    'shows plain text byte for byte',
    () => {
      fc.assert(
        fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '<', '&', '"', 'ß', '漢') })), (lines) => {
          expect(read([lines.map((line) => `${line}\n`).join('')]).shown).toEqual(lines)
        }),
        effort(100),
      )
    },
    PROPERTY_MS,
  )

  it('takes no cursor but its own', () => {
    for (const word of ['', '1', '1.2.x.', '-1.0..', '1.2.o.<b>', 'a.b.c.d', '99999999999.0..'])
      expect(readCursor(word)).toBeUndefined()
  })
})
