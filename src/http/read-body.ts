import { Refusal } from '../refusal.ts'

/** Counts while it reads: a length that was announced may be wrong, or missing. Undefined: there is more than `maxBytes`. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity')
    throw new Refusal(
      'invalid',
      `The body is compressed (${encoding}), and compressed bodies are not read`,
      'Send it as it is, without Content-Encoding.',
    )
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
