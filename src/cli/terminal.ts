/** Colours, and everything else that a terminal would obey: a cursor, a title, a clipboard, a link that is not what it says. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /\x1b\[[0-9;:]*m|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const UNFINISHED = /(?:\x1b(?:\[[0-9;:]{0,32})?|\xc2)$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const COLOUR = /^\x1b\[/

/** Writes what others wrote (logs, messages of commits) to a terminal: of its control sequences only colours are left. A piece may end anywhere. */
export function openTerminal(write: (bytes: Uint8Array) => void): (bytes: Uint8Array) => void {
  let rest = ''
  return (bytes) => {
    const text = rest + Buffer.from(bytes).toString('latin1') // a byte a character: nothing is decoded
    rest = UNFINISHED.exec(text)?.[0] ?? ''
    const whole = text.slice(0, text.length - rest.length)
    write(
      Buffer.from(
        whole.replace(CONTROL, (found) => (COLOUR.test(found) ? found : '')),
        'latin1',
      ),
    )
  }
}
