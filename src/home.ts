import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isReachable } from './db/embedded-programs.ts'

/** The folder of one installation on one host. */
export type Home = {
  readonly folder: string
  /** What other users of the host must reach: PostgreSQL and tasks run as users of their own. */
  readonly shared: string
  /** Token of the checkout's own CLI. */
  readonly tokenFile: string
  /** What runs here: pid and address, for `up --stop` and the CLI. */
  readonly serverFile: string
}

/** Makes the folder. As root in a place that nobody else can enter, such as /root, what others must reach lies in /var/lib/sluice instead. */
export async function openHome(folder: string): Promise<Home> {
  await mkdir(folder, { recursive: true, mode: 0o711 })
  const isRoot = process.getuid?.() === 0
  const shared = isRoot && !(await isReachable(folder)) ? join('/var/lib/sluice', shortName(folder)) : folder
  await mkdir(shared, { recursive: true, mode: 0o711 })
  return { folder, shared, tokenFile: join(folder, 'token'), serverFile: join(folder, 'server.json') }
}

/** Of several checkouts on one host each has its own. */
function shortName(folder: string): string {
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 8)
  return `${basename(dirname(folder))
    .replace(/[^\w.-]/g, '_')
    .slice(0, 20)}-${digest}`
}

/** The key that seals secrets in the database, made once. It lies beside the database and not in it. */
export async function readOrMakeKey(home: Home, given: Buffer | null): Promise<Buffer> {
  if (given !== null) return given
  const path = join(home.folder, 'key')
  const make = writeFile(path, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 })
  await make.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return Buffer.from((await readFile(path, 'utf8')).trim(), 'hex')
}
