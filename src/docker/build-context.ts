import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract, type Header, type Pack, pack } from 'tar-stream'
import { readIgnore } from '../environment/path-pattern.ts'
import { isCopied, type Plan, type RenderedPlan } from '../environment/plan.ts'

/** Where our own texts lie in a context: no path of a project can be taken for it, as theirs are under their language's name. */
const OWN = 'sluice'

/** The tar that the engine builds from: of the project's tar.gz only what the plan names, for a user's own Dockerfile all that .dockerignore leaves. */
export function packContext(plan: Plan, tarGz: Buffer, extraCa: string): Readable {
  const context = pack()
  const fill =
    plan.kind === 'rendered' ? packRendered(context, plan, tarGz, extraCa) : packOwn(context, plan.path, tarGz)
  fill.then(
    () => context.finalize(),
    (error: unknown) => context.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  return Readable.from(context)
}

/** A Dockerfile of ours stands beside the files, and so cannot be hidden by one of theirs. */
export const RENDERED_DOCKERFILE = `${OWN}.Dockerfile`

async function packRendered(context: Pack, plan: RenderedPlan, tarGz: Buffer, extraCa: string) {
  const own = { [RENDERED_DOCKERFILE]: plan.dockerfile, [`${OWN}/extra-ca.pem`]: extraCa, ...plan.supports }
  for (const [name, text] of Object.entries(own)) await put(context, { name, mode: 0o644 }, Buffer.from(text))
  for await (const { path, header, bytes } of readTar(tarGz)) {
    const parts = plan.parts.filter(({ copies }) => isCopied(copies, path))
    for (const { language } of parts) await put(context, moved(header, `${language}/${path}`), bytes)
  }
}

async function packOwn(context: Pack, dockerfile: string, tarGz: Buffer) {
  let isIgnored = (_: string) => false
  for await (const { path, bytes } of readTar(tarGz))
    if (path === '.dockerignore') isIgnored = readIgnore(bytes.toString())
  for await (const { path, header, bytes } of readTar(tarGz)) {
    if (!isIgnored(path) || path === dockerfile) await put(context, moved(header, path), bytes)
  }
}

type NewHeader = Parameters<Pack['entry']>[0]
type Entry = { readonly path: string; readonly header: Header; readonly bytes: Buffer }

/** Entry by entry: the source may be large, so never all of it at once. */
async function* readTar(tarGz: Buffer): AsyncGenerator<Entry> {
  const entries = extract()
  const unpacking = Readable.from([tarGz])
    .pipe(createGunzip())
    .on('error', (error) => entries.destroy(error))
  unpacking.pipe(entries)
  for await (const entry of entries) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array)) // a tar holds bytes
    const path = entry.header.name.replace(/^(\.?\/)+/, '').replace(/\/$/, '')
    if (path !== '') yield { path, header: entry.header, bytes: Buffer.concat(chunks) }
  }
}

/** Owner and time are nothing that a build should depend on. */
function moved({ type, mode, linkname }: Header, name: string): NewHeader {
  return { name, type: type ?? 'file', mode: mode ?? 0o644, ...(linkname == null ? {} : { linkname }) }
}

function put(context: Pack, header: NewHeader, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    context.entry({ ...header, mtime: new Date(0) }, bytes, (error) => (error ? reject(error) : resolve()))
  })
}
