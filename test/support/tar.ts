import { gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'

export type Entry = Partial<Header> & { readonly name: string; readonly content?: string | Buffer }

/** A tar of any entries, hostile ones too. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack()
  for (const { content = '', ...header } of entries) tar.entry(header, content)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array)) // a tar holds bytes
  return Buffer.concat(chunks)
}

export const archiveOf = async (entries: readonly Entry[]): Promise<Buffer> => gzipSync(await tarOf(entries))
