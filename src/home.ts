import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
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

const ELSEWHERE = '/var/lib/sluice'

/** Makes the folder. As root in a place that nobody else can enter, such as /root, what others must reach lies in /var/lib/sluice instead. */
export async function openHome(folder: string): Promise<Home> {
  await mkdir(folder, { recursive: true, mode: 0o711 }).catch((error: Error) => {
    const hint = 'Set SLUICE_HOME, or --home of scripts/up, to a folder of your own.'
    throw new Refusal('invalid', `The home ${folder} cannot be made: ${systemWords(error)}.`, hint)
  })
  if (await isClosed(folder)) await writeNew(join(folder, 'elsewhere'), `${newName(folder)}\n`)
  const home = await findHome(folder)
  await mkdir(home.shared, { recursive: true, mode: 0o711 })
  return home
}

/** Makes nothing. */
export async function findHome(folder: string): Promise<Home> {
  const name = (await isClosed(folder)) ? await readName(folder) : null
  const shared = name === null ? folder : join(ELSEWHERE, name)
  const [keyFile, tokenFile, serverFile] = [join(folder, 'key'), join(folder, 'token'), join(folder, 'server.json')]
  return { folder, shared, keyFile, tokenFile, serverFile }
}

const isClosed = async (folder: string) => process.getuid?.() === 0 && !(await isReachable(folder))

/** Of the home's own part in /var/lib/sluice; null: the home was not opened yet. */
async function readName(folder: string): Promise<string | null> {
  const file = join(folder, 'elsewhere')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const [name] = /^\w[\w.-]*(?=\n$)/.exec(text) ?? []
  if (name !== undefined) return name
  throw new Refusal('invalid', `${file} does not name a folder in ${ELSEWHERE}.`, 'Bring it back from a backup.')
}

/** Not made of the path alone: a home that was deleted and made again is another one, with a key that opens nothing of the first. */
function newName(folder: string): string {
  const name = basename(dirname(folder)).replace(/[^\w.-]/g, '_')
  return `sluice-${name.slice(0, 20)}-${randomBytes(4).toString('hex')}`
}

/** Leaves a file that is there as it is. Whole or not at all: processes of one home may start together. */
async function writeNew(file: string, text: string): Promise<void> {
  const fresh = `${file}.${randomBytes(4).toString('hex')}`
  await writeFile(fresh, text, { mode: 0o600 })
  try {
    await link(fresh, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(fresh)
  }
}

/** The key that seals secrets in the database, made once. It lies beside the database and not in it. */
export async function readOrMakeKey({ keyFile }: Home): Promise<Buffer> {
  await writeNew(keyFile, `${randomBytes(32).toString('hex')}\n`)
  const text = (await readFile(keyFile, 'utf8')).trim()
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex')
  throw new Refusal('invalid', `${keyFile} does not hold a key of 64 hex digits.`, 'Bring it back from a backup.')
}
