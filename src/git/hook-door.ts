import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeScratch, sweepScratch } from './scratch.ts'

/** Hooks live in the product, not in the repositories. */
export const HOOKS = fileURLToPath(new URL('../../src/git/hooks', import.meta.url))

/** What git's `update` hook asks: may this ref move? */
type RefChange = { readonly ref: string; readonly from: string; readonly to: string }
type Tell = (line: string) => void
type Answer = (change: RefChange, tell: Tell) => Promise<'yes' | 'no'>

/** What `pre-receive` handed over. */
type Handed = { readonly refs: readonly string[]; readonly options: readonly string[] }

/** One push that goes on: its hooks know it by the environment. */
type OpenPush = {
  readonly environment: Readonly<Record<string, string>>
  handed(): Promise<Handed>
  close(): Promise<void>
}

export type HookDoor = {
  /** From now to `close`, hooks that show this push's token are answered. */
  open(answer: Answer): Promise<OpenPush>
  close(): Promise<void>
}

const MAX_QUESTION = 16 * 1024

/** A unix socket in a folder of our own, on which the hooks of our own git processes ask. `onBug` is told of whatever an answer throws; the ref is refused then. */
export async function openHookDoor(onBug: (error: unknown) => void): Promise<HookDoor> {
  await sweepScratch()
  const folder = await makeScratch('hooks') // in the system's folder: a unix socket's path is limited to about 100 bytes, a home's is not
  const path = join(folder, 'hooks.sock')
  const answers = new Map<string, Answer>()
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket.once('close', () => open.delete(socket)))
    void serve(socket, answers, onBug)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  return {
    open: async (answer) => {
      const token = randomBytes(24).toString('hex')
      const pushFolder = join(folder, token.slice(0, 16))
      await mkdir(pushFolder)
      answers.set(token, answer)
      return {
        environment: {
          SLUICE_PUSH: pushFolder,
          SLUICE_SOCKET: path,
          SLUICE_TOKEN: token,
          SLUICE_NODE: process.execPath,
        },
        handed: async () => ({
          refs: (await readLines(join(pushFolder, 'refs'))).map((line) => line.split(' ')[2] ?? ''),
          options: await readLines(join(pushFolder, 'options')),
        }),
        close: async () => {
          answers.delete(token)
          await rm(pushFolder, { recursive: true, force: true })
        },
      }
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open) socket.destroy() // a hook that hears nothing says no
      await closed
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function serve(socket: Socket, answers: ReadonlyMap<string, Answer>, onBug: (error: unknown) => void) {
  socket.on('error', () => {}) // the hook has gone: the deploy goes on without it
  const tell: Tell = (text) => {
    for (const line of text.split('\n')) if (socket.writable) socket.write(` ${line}\n`)
  }
  try {
    const question = await readQuestion(socket)
    const answer = question === undefined ? undefined : answers.get(question.token)
    const verdict = question === undefined || answer === undefined ? 'no' : await answer(question, tell)
    socket.end(`${verdict}\n`)
  } catch (error) {
    onBug(error)
    tell(' !     Sluice failed, and its operator was told. The branch did not move.')
    socket.end('no\n')
  }
}

type Question = RefChange & { readonly token: string }

async function readQuestion(socket: Socket): Promise<Question | undefined> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.includes('\n')) return JSON.parse(text) as Question // our own hook wrote it: the token will prove that
    if (text.length > MAX_QUESTION) break
  }
  return undefined
}

const readLines = async (file: string) => (await readFile(file, 'utf8')).split('\n').slice(0, -1)
