/** A line that git says to whoever pushes, and what is said instead. */
export type Retelling = { readonly start: string; readonly text: string }

const LENGTH = 4
const BAND = 4
/** Of git's pkt-line format, less its length and its band. */
const MAX_TEXT = 65_515
const TOLD = 2

/** An answer of git-receive-pack with one line of its messages told otherwise; all else keeps its bytes and its pace. */
export async function* retell(answer: AsyncIterable<Buffer>, retelling: Retelling): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  let begun = '' // of the line that may be the one
  for await (const part of answer) {
    rest = Buffer.concat([rest, part])
    for (let packet = firstPacket(rest); packet !== null; packet = firstPacket(rest)) {
      rest = rest.subarray(packet.length)
      const isTold = packet[BAND] === TOLD && packet.length > BAND + 1 // an empty one keeps the connection alive
      const said = retellLines(begun + (isTold ? packet.toString('latin1', BAND + 1) : ''), retelling, !isTold)
      begun = said.begun
      if (said.text !== '') yield tell(said.text)
      if (!isTold) yield packet
    }
  }
  if (begun !== '') yield tell(begun)
  if (rest.length > 0) yield rest
}

/** Null while it is not there whole. Of a flush, and of what is no packet, its length. */
function firstPacket(bytes: Buffer): Buffer | null {
  if (bytes.length < LENGTH) return null
  const length = Number.parseInt(bytes.toString('latin1', 0, LENGTH), 16)
  if (!(length >= LENGTH)) return bytes.subarray(0, LENGTH)
  return bytes.length < length ? null : bytes.subarray(0, length)
}

/** Texts are bytes in latin1, so that a character which is cut in two stays what it was. */
function retellLines(said: string, { start, text }: Retelling, isWhole: boolean): { text: string; begun: string } {
  const lines = said.split(/(?<=[\r\n])/)
  const last = lines.at(-1) ?? ''
  const mayBeIt = !/[\r\n]$/.test(last) && last !== '' && (start.startsWith(last) || last.startsWith(start))
  const begun = mayBeIt && !isWhole ? (lines.pop() ?? '') : ''
  const told = lines.map((line) => (line.startsWith(start) ? Buffer.from(text).toString('latin1') : line))
  return { text: told.join(''), begun }
}

function tell(text: string): Buffer {
  const bytes = Buffer.from(text.slice(0, MAX_TEXT), 'latin1')
  const head = (LENGTH + 1 + bytes.length).toString(16).padStart(LENGTH, '0')
  return Buffer.concat([Buffer.from(head), Buffer.from([TOLD]), bytes])
}
