import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isReachable } from './db/embedded-programs.ts'
import { Refusal, systemWords } from './refusal.ts'

/** The folder of one installation on one host. */
export type Home = {
  readonly folder: string
  /** What other users of the host must reach: PostgreSQL and tasks run as users of their own. */
  readonly shared: string
  readonly keyFile: string
  /** Token of the checkout's own CLI. */
  readonly tokenFile: string
  /** Pid and address of the server that runs here, for `up --stop` and the CLI. */
  readonly serverFile: string
}

/** Makes the folder. As root in a place that nobody else can enter, such as /root, what others must reach lies in /var/lib/sluice instead. */
export async function openHome(folder: string): Promise<Home> {
  await mkdir(folder, { recursive: true, mode: 0o711 }).catch((error: Error) => {
    const hint = 'Set SLUICE_HOME, or --home of scripts/up, to a folder of your own.'
    throw new Refusal('invalid', `The home ${folder} cannot be made: ${systemWords(error)}.`, hint)
  })
  const home = await findHome(folder)
  await mkdir(home.shared, { recursive: true, mode: 0o711 })
  return home
}

/** Makes nothing. */
export async function findHome(folder: string): Promise<Home> {
  const isClosed = process.getuid?.() === 0 && !(await isReachable(folder))
  const shared = isClosed ? join('/var/lib/sluice', shortName(folder)) : folder
  const [keyFile, tokenFile, serverFile] = [join(folder, 'key'), join(folder, 'token'), join(folder, 'server.json')]
  return { folder, shared, keyFile, tokenFile, serverFile }
}

/** Of several checkouts on one host each has its own. */
function shortName(folder: string): string {
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 8)
  const name = basename(dirname(folder)).replace(/[^\w.-]/g, '_')
  return `${name.slice(0, 20)}-${digest}`
}

/** The key that seals secrets in the database, made once. It lies beside the database and not in it. */
export async function readOrMakeKey({ keyFile }: Home): Promise<Buffer> {
  const make = writeFile(keyFile, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 })
  await make.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const text = (await readFile(keyFile, 'utf8')).trim()
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex')
  throw new Refusal('invalid', `${keyFile} does not hold a key of 64 hex digits.`, 'Bring it back from a backup.')
}
