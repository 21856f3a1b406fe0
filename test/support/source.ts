import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** A revision's files as they are stored. */
export async function tarGzOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const tar = pack()
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, bytes)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array)) // a tar holds bytes
  return gzipSync(Buffer.concat(chunks))
}
