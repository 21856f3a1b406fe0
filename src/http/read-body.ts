import { Refusal } from '../refusal.ts'

/** Counts what comes out, while it comes: a length that was announced may be wrong, or missing. Undefined: there is more than `maxBytes`. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of decode(request)) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function decode({ headers, body }: Request): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (body === null) return []
  if (encoding === 'identity') return body
  if (encoding === 'gzip') return unzip(body)
  throw new Refusal(
    'invalid',
    `The body is compressed (${encoding}), and only gzip is read`,
    'Send it as it is, without Content-Encoding.',
  )
}

async function* unzip(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body.pipeThrough(new DecompressionStream('gzip'))
  } catch (error) {
    if (!isBadGzip(error)) throw error
    throw new Refusal('invalid', 'The body is no gzip, as its Content-Encoding says', 'Send it as it is, without one.')
  }
}

/** Node 20 gives zlib's own error, later ones what the standard says. */
const isBadGzip = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof Error && 'code' in error && /^Z_/.test(String(error.code)))
