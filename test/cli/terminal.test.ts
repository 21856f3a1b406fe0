import { describe, expect, it } from 'vitest'
import { openTerminal } from '../../src/cli/terminal.ts'

function shown(...pieces: readonly (string | Uint8Array)[]): string {
  const written: Uint8Array[] = []
  const write = openTerminal((bytes) => written.push(bytes))
  for (const piece of pieces) write(Buffer.from(piece))
  return Buffer.concat(written).toString('utf8')
}

describe('a terminal', () => {
  it('is given words in every script, tabs, line ends and colours as they are', () => {
    const text = 'Zürich\t12 °C, 東京 \u001b[1;31mred\u001b[0m\r\n'
    expect(shown(text)).toBe(text)
  })

  it.each([
    ['a link', '\u001b]8;;https://evil.example\u001b\\bank\u001b]8;;\u001b\\', ']8;;https://evil.example\\bank]8;;\\'],
    ['the clipboard', '\u001b]52;c;cm0=\u0007', ']52;c;cm0='],
    ['a cursor', 'rm\u001b[2K\u001b[1A\b', 'rm[2K[1A'],
    ['a control character of two bytes', '\u009b2Jx', '2Jx'],
  ])('obeys no text that holds %s', (_what, text, safe) => {
    expect(shown(text)).toBe(safe)
  })

  it('sees a sequence that comes in pieces', () => {
    expect(shown('a\u001b', ']8;;x\u001b', '\\b\u001b[', '31mred')).toBe('a]8;;x\\b\u001b[31mred')
    expect(shown(Uint8Array.of(0xc2), Uint8Array.of(0x9b), 'J', Uint8Array.of(0xc2), Uint8Array.of(0xb0))).toBe('J°')
  })
})
