import { Refusal } from '../refusal.ts'

/** A body has this long, and a second more for as many bytes as have come, but never more than this long for its next piece: whoever feeds one drop by drop, or stops, holds what was set aside for it no longer. */
type Pace = { readonly ms: number; readonly bytesPerSecond: number }
const PACE: Pace = { ms: 30_000, bytesPerSecond: 16 * 1024 }

/** Counts what comes out, while it comes: a length that was announced may be wrong, or missing. Undefined: there is more than `maxBytes`. */
export async function readBytes(request: Request, maxBytes: number, pace = PACE): Promise<Buffer | undefined> {
  const encoding = request.headers.get('content-encoding')?.toLowerCase() ?? 'identity'
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of decode(encoding, receive(request.body, pace))) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Gives up the body when whoever reads stops. */
async function* receive(body: Request['body'], pace: Pace): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  if (reader === undefined) return
  const startedAt = performance.now()
  let bytes = 0
  try {
    for (;;) {
      const until = startedAt + pace.ms + (bytes / pace.bytesPerSecond) * 1000
      const { value } = await within(reader, Math.min(until - performance.now(), pace.ms))
      if (value === undefined) return
      bytes += value.byteLength
      yield value
    }
  } finally {
    await reader.cancel()
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

async function within(reader: Reader, ms: number) {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), ms)
  })
  return Promise.race([reader.read(), tooLate]).finally(() => clearTimeout(timer))
}

const tooSlow = () => new Refusal('invalid', 'The body comes too slowly', 'Send it again, over a faster line.')

function decode(encoding: string, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (encoding === 'identity') return chunks
  if (encoding === 'gzip' || encoding === 'x-gzip') return unzip(chunks)
  throw new Refusal(
    'invalid',
    `The body is compressed (${encoding}), and only gzip is read`,
    'Send it as it is, without Content-Encoding.',
  )
}

/** What comes of the body itself is the body's fault, all else the packing's. */
async function* unzip(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let cause: { readonly error: unknown } | undefined
  async function* watch() {
    try {
      yield* chunks
    } catch (error) {
      cause = { error }
      throw error
    }
  }
  try {
    yield* ReadableStream.from(watch()).pipeThrough(new DecompressionStream('gzip'))
  } catch {
    if (cause !== undefined) throw cause.error
    throw new Refusal('invalid', 'The body is no gzip, as its Content-Encoding says', 'Send it as it is, without one.')
  }
}
