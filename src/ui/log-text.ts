/** Where a reader of a log stands: enough to go on from there, in another process too. */
export type LogCursor = {
  /** The next chunk. */
  readonly seq: number
  /** The number of the newest line; 0 before the first. */
  readonly line: number
  /** The newest line has begun and may go on. */
  readonly isOpen: boolean
  readonly style: Style
  /** Bytes of a character or an escape sequence that has only begun. */
  readonly rest: Uint8Array
}

type Style = { readonly colour: Colour; readonly isBold: boolean; readonly isDim: boolean }
type Colour = '' | 'r' | 'g' | 'y' | 'b' | 'm' | 'c' | 'd'

type Span = { readonly text: string; readonly style: Style }

/** `continues`: this goes on with the line of that number. `clears`: a carriage return wiped what stood there. */
export type LogLine = {
  readonly number: number
  readonly at: Date
  readonly continues: boolean
  readonly clears: boolean
  readonly spans: readonly Span[]
}

const PLAIN: Style = { colour: '', isBold: false, isDim: false }
export const LOG_START: LogCursor = { seq: 0, line: 0, isOpen: false, style: PLAIN, rest: new Uint8Array() }

/** An escape sequence longer than this is not one. */
const MAX_ESCAPE = 256

/** Reads one chunk: bytes to lines of coloured text. Of escape sequences only colours are kept; the others, and links above all, are dropped. */
export function readChunk(
  cursor: LogCursor,
  chunk: { readonly seq: number; readonly at: Date; readonly bytes: Uint8Array },
): { lines: readonly LogLine[]; cursor: LogCursor } {
  const bytes = Buffer.concat([cursor.rest, chunk.bytes])
  const whole = wholeLength(bytes)
  const reader = new Reader(cursor, chunk.at)
  const left = reader.read(bytes.subarray(0, whole).toString('utf8'))
  const rest = Buffer.concat([Buffer.from(left), bytes.subarray(whole)])
  return { lines: reader.lines, cursor: { ...reader.end(), seq: chunk.seq + 1, rest } }
}

/** Without the last character, when it is cut in the middle. */
function wholeLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return bytes.length
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? bytes.length - back : bytes.length
  }
  return bytes.length
}

type OpenLine = { number: number; continues: boolean; clears: boolean; spans: Span[] }

// Text, or one control: new line, return, colour and other CSI, the strings (OSC, DCS, ...) up to their end, other escapes, other controls.
const PIECE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what this is about
  /[^\x00-\x08\x0a-\x1f\x7f-\x9f]+|\r*\n|\r+|\x1b\[([0-?]*)([ -/]*[@-~])|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\|(?=\n))|\x1b[ -/]*[0-~]|[\x00-\x1f\x7f-\x9f]/g

class Reader {
  readonly lines: LogLine[] = []
  readonly #at: Date
  #style: Style
  #line: number
  #isOpen: boolean
  #open: OpenLine | undefined

  constructor({ style, line, isOpen }: LogCursor, at: Date) {
    this.#at = at
    this.#style = style
    this.#line = line
    this.#isOpen = isOpen
  }

  /** Gives back what it cannot read yet. */
  read(text: string): string {
    const cut = unfinishedAt(text)
    for (const match of text.slice(0, cut).matchAll(PIECE)) this.#take(match[0], match[1], match[2])
    return text.slice(cut)
  }

  end(): Pick<LogCursor, 'style' | 'line' | 'isOpen'> {
    this.#finish()
    return { style: this.#style, line: this.#line, isOpen: this.#isOpen }
  }

  #take(piece: string, params: string | undefined, final: string | undefined): void {
    if (piece.endsWith('\n')) this.#newLine()
    else if (piece.startsWith('\r')) this.#clear()
    else if (final === 'm') this.#style = restyle(this.#style, params ?? '')
    else if (!piece.startsWith('\x1b') || piece.length === 1) this.#write(pictureOf(piece))
  }

  #write(text: string): void {
    this.#current().spans.push({ text, style: this.#style })
  }

  #newLine(): void {
    this.#current()
    this.#finish()
    this.#isOpen = false
  }

  /** A progress bar paints its line again and again: the newest counts. */
  #clear(): void {
    const open = this.#current()
    open.clears = open.continues
    open.spans = []
  }

  #current(): OpenLine {
    if (this.#open !== undefined) return this.#open
    const continues = this.#isOpen
    if (!continues) this.#line += 1
    this.#isOpen = true
    this.#open = { number: this.#line, continues, clears: false, spans: [] }
    return this.#open
  }

  #finish(): void {
    const open = this.#open
    this.#open = undefined
    if (open !== undefined && !isNothing(open)) this.lines.push({ ...open, at: this.#at })
  }
}

const isNothing = ({ continues, clears, spans }: OpenLine) => continues && !clears && spans.length === 0

/** NUL is shown as ␀: what a task wrote is not hidden. */
function pictureOf(piece: string): string {
  const code = piece.charCodeAt(0)
  if (piece.length > 1 || piece === '\t' || (code >= 0x20 && code < 0x7f) || code > 0x9f) return piece
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}

/** Where an escape sequence, or a return that may belong to a new line, begins at the very end. */
function unfinishedAt(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what this is about
  const begun = /\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\n]*\x1b?|[ -/]*)?$/.exec(text)
  if (begun !== null && begun[0].length <= MAX_ESCAPE) return begun.index
  const returns = /\r+$/.exec(text)
  return returns === null ? text.length : returns.index
}

const COLOURS: readonly Colour[] = ['d', 'r', 'g', 'y', 'b', 'm', 'c', '']

function restyle(style: Style, params: string): Style {
  const codes = params.split(/[;:]/).map(Number)
  let next = style
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0
    if (code === 38 || code === 48)
      index += codes[index + 1] === 2 ? 4 : 2 // 256 colours and true colour: not ours
    else next = applyCode(next, code)
  }
  return next
}

function applyCode(style: Style, code: number): Style {
  if (code === 0) return PLAIN
  if (code === 1) return { ...style, isBold: true }
  if (code === 2) return { ...style, isDim: true }
  if (code === 22) return { ...style, isBold: false, isDim: false }
  if (code === 39) return { ...style, colour: '' }
  const colour = code >= 90 ? code - 90 : code - 30
  return colour >= 0 && colour < 8 ? { ...style, colour: COLOURS[colour] ?? '' } : style
}

export function classOf({ colour, isBold, isDim }: Style): string {
  const hue = colour === '' ? (isDim ? 'd' : '') : colour
  return [hue === '' ? '' : `a-${hue}`, isBold ? 'a-1' : ''].filter((word) => word !== '').join(' ')
}

/** A cursor as a word, for Last-Event-ID. */
export function writeCursor({ seq, line, isOpen, style, rest }: LogCursor): string {
  const flags = `${isOpen ? 'o' : ''}${style.isBold ? 'B' : ''}${style.isDim ? 'D' : ''}${style.colour}`
  return `${seq}.${line}.${flags}.${Buffer.from(rest).toString('base64url')}`
}

/** Undefined: not a cursor of ours. */
export function readCursor(word: string): LogCursor | undefined {
  const [, seq, line, o, bold, dim, colour = '', rest] =
    /^(\d{1,9})\.(\d{1,9})\.(o?)(B?)(D?)([rgybmcd]?)\.([\w-]{0,400})$/.exec(word) ?? []
  if (seq === undefined || rest === undefined) return undefined
  const style = { colour: colour as Colour, isBold: bold === 'B', isDim: dim === 'D' } // the pattern allows no other letter
  return { seq: Number(seq), line: Number(line), isOpen: o === 'o', style, rest: Buffer.from(rest, 'base64url') }
}
