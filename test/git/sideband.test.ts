import { describe, expect, it } from 'vitest'
import { retell } from '../../src/git/sideband.ts'

const RETELLING = { start: 'fatal: pack exceeds', text: ' !     Too large…\n' }

const packet = (text: string | Buffer) =>
  Buffer.concat([Buffer.from((4 + Buffer.byteLength(text)).toString(16).padStart(4, '0')), Buffer.from(text)])
const told = (text: string | Buffer) => packet(Buffer.concat([Buffer.from([2]), Buffer.from(text)]))

/** What comes out of `bytes`, given in pieces of `size`. */
async function through(bytes: Buffer, size = bytes.length) {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const out: Buffer[] = []
  for await (const part of retell(pieces(), RETELLING)) out.push(part)
  return Buffer.concat(out)
}

/** Of an answer: the texts of the messages, and everything else as it came. */
function read(bytes: Buffer) {
  const others: string[] = []
  const said: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Math.max(4, Number.parseInt(bytes.toString('latin1', at, at + 4), 16))
    const one = bytes.subarray(at + 4, at + length)
    if (one[0] === 2) said.push(one.subarray(1))
    else others.push(String(one))
    at += length
  }
  return { said: String(Buffer.concat(said)), others }
}

const REPORT = packet('\x01000eunpack ok\n')
const FLUSH = Buffer.from('0000')

describe('a retold answer', () => {
  it.each([1, 3, 1000])('says the line in other words, in pieces of %i bytes', async (size) => {
    const answer = [told('Unpacking: 5%\rfatal: pack'), told(' exceeds the limit (3 MiB)\nmore\n'), REPORT, FLUSH]
    expect(read(await through(Buffer.concat(answer), size))).toEqual({
      said: 'Unpacking: 5%\r !     Too large…\nmore\n',
      others: ['\x01000eunpack ok\n', ''],
    })
  })

  it('says it when the line has no end', async () => {
    expect(read(await through(Buffer.concat([told('fatal: pack exceeds'), REPORT]))).said).toBe(RETELLING.text)
  })

  it.each([
    ['other words', [told('fatal: bad object\n'), told('about: fatal: pack exceeds\n'), REPORT, FLUSH]],
    ['a character that is cut in two', [told(Buffer.from([0xe2, 0x80])), told(Buffer.from([0xa6, 0x0a])), REPORT]],
    ['silence to keep alive', [told(''), told(''), REPORT, FLUSH]],
    ['a client that knows of no bands', [packet('unpack index-pack abnormal exit\n'), FLUSH]],
    ['bytes that are no packets', [Buffer.from('Not Found\n')]],
    ['an answer that is cut short', [REPORT, Buffer.from('00ff\x02half')]],
  ])('leaves %s as it is', async (_, answer) => {
    expect(await through(Buffer.concat(answer))).toEqual(Buffer.concat(answer))
  })

  it('leaves a line that only begins like it', async () => {
    expect(read(await through(Buffer.concat([told('fatal: pack'), told(' is fine\n'), REPORT]))).said).toBe(
      'fatal: pack is fine\n',
    )
  })

  it('holds back nothing that is not that line', async () => {
    async function* forever() {
      yield told('-----> Building')
      await new Promise(() => {})
    }
    const first = await retell(forever(), RETELLING).next()
    expect(first.value).toEqual(told('-----> Building'))
  })
})
