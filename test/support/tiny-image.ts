import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import Docker from 'dockerode'
import { pack } from 'tar-stream'

export type TinyImage = { readonly name: string; remove(): Promise<void> }

const APPLETS = ['sh', 'cat', 'echo', 'env', 'grep', 'ls', 'mkdir', 'sleep', 'touch', 'tr', 'wc']

/** An image of 2 MB on the machine's engine, that runs shell tasks: what is copied between engines and registries must not take minutes. Debian's busybox-static is all that is in it. */
export async function makeTinyImage(): Promise<TinyImage> {
  const docker = new Docker()
  const repo = `sluice/tiny-${randomBytes(4).toString('hex')}`
  const files = pack()
  files.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile('/usr/bin/busybox'))
  for (const applet of APPLETS) files.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' })
  for (const folder of ['tmp', 'workspace', 'spool']) files.entry({ name: folder, type: 'directory', mode: 0o777 })
  files.entry({ name: 'agent' }, '') // what is mounted needs a place, and the root is read-only
  files.finalize()
  const importing = await docker.importImage(files as unknown as NodeJS.ReadableStream, { repo, tag: 'latest' }) // tar-stream's is one but for its type
  for await (const _ of importing);
  return { name: repo, remove: () => docker.getImage(repo).remove({ noprune: true }) }
}
