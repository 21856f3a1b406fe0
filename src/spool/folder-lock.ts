import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../refusal.ts'

/** What the system allows of a socket's path: 108 bytes on Linux, 104 on macOS, with the zero at its end. */
const MAX_PATH = 103
/** A socket that nobody answers at may be one that is just being made; an old one is not. */
const OLD_MS = 60_000
/** Whoever takes the connection and says nothing is alive and stuck. */
const SILENT_MS = 2_000

const DEAD: readonly (string | undefined)[] = ['ECONNREFUSED', 'ENOENT']

export type FolderLock =
  | { readonly kind: 'held'; release(): Promise<void> }
  /** `by`: the pid of the process that holds it; null when it does not say. */
  | { readonly kind: 'taken'; readonly by: number | null }

/**
 * Keeps a folder for this process for as long as it lives, however it dies: a socket in the folder that only a living process answers at.
 * (A pid in a file says nothing once pids are reused, or to another container.)
 * Each who tries makes a socket of its own first and looks at the others' then, so that of two the later looker sees the other, and no socket is ever taken over.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const name = `lock.${process.pid.toString(36)}${randomBytes(3).toString('hex')}`
  if (Buffer.byteLength(join(folder, name)) > MAX_PATH) throw tooLong(folder)
  const announced = await announce(join(folder, name))
  for (const other of (await readdir(folder)).filter((one) => one.startsWith('lock.') && one !== name)) {
    const rival = await settle(join(folder, other), other < name)
    if (rival === null) continue
    await announced.close()
    return { kind: 'taken', by: rival.pid }
  }
  announced.hold()
  return { kind: 'held', release: announced.close }
}

type Rival = { readonly isHeld: boolean; readonly pid: number | null }

/** The other one, when it wins over us. Of two that still try, the lesser name wins: for a greater one we wait until it has decided. */
async function settle(path: string, isLesser: boolean): Promise<Rival | null> {
  for (;;) {
    const rival = await ask(path)
    if (rival?.isHeld === true || (rival !== null && isLesser)) return rival
    if (rival === null) return removeIfOld(path)
    await sleep(5)
  }
}

async function announce(path: string) {
  let state = 'trying'
  const server = createServer((socket) => socket.on('error', () => {}).end(`${state} ${process.pid}`))
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(path, resolve))
  server.unref()
  return {
    hold: () => {
      state = 'held'
    },
    close: () => close(server),
  }
}

/** Null: nobody answers, its process is dead. */
function ask(path: string): Promise<Rival | null> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect(path).setTimeout(SILENT_MS)
    socket.on('data', (part) => {
      said += part
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => DEAD.includes(code) && resolve(null))
    socket.on('timeout', () => socket.destroy())
    socket.on('close', () => resolve({ isHeld: !said.startsWith('trying'), pid: Number(said.split(' ')[1]) || null }))
  })
}

async function removeIfOld(path: string): Promise<null> {
  const made = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY, // gone meanwhile
  )
  if (Date.now() - made > OLD_MS) await rm(path, { force: true })
  return null
}

const close = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()))

const tooLong = (folder: string) =>
  new Refusal(
    'invalid',
    `The path ${folder} is too long: a socket is made in it, and systems allow about 100 characters.`,
    'Set SLUICE_HOME to a shorter one.',
  )
