import { type ChildProcess, spawn } from 'node:child_process'

/** Nothing of the operator's own git settings reaches ours, and nothing of ours reaches the network: only `fetch.ts` does, in its jail. */
const BASE = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: '',
}

/** A group of its own: Ctrl-C on the server's terminal is not for its git processes. */
export const APART = { stdio: 'pipe', detached: true } as const

export type GitConfig = Readonly<Record<string, string>>

/** Settings for one process and its children, hooks included. */
export function gitEnvironment(config: GitConfig): NodeJS.ProcessEnv {
  const entries = Object.entries({ 'safe.directory': '*', 'core.fsmonitor': 'false', ...config })
  const pairs = entries.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ])
  return { ...BASE, GIT_CONFIG_COUNT: String(entries.length), ...Object.fromEntries(pairs) }
}

export type GitEnd =
  | { readonly kind: 'ok'; readonly output: Buffer }
  | { readonly kind: 'failed'; readonly code: number | null; readonly message: string }
  | { readonly kind: 'too_large' }

const MAX_MESSAGE = 8 * 1024

/** Runs git in a bare repository, without a shell. Its output is bounded: past `maxBytes` it is killed. */
export async function runGit(
  repository: string,
  argv: readonly string[],
  { maxBytes, input, config = {} }: { maxBytes: number; input?: string; config?: GitConfig },
): Promise<GitEnd> {
  const child = spawn('git', [`--git-dir=${repository}`, ...argv], { ...APART, env: gitEnvironment(config) })
  child.stdin.on('error', () => {}) // git may end before it has read everything: its exit code tells
  child.stdin.end(input)
  const message = collect(child.stderr, MAX_MESSAGE, () => {})
  let isOver = false
  const output = collect(child.stdout, maxBytes, () => {
    isOver = true
    child.kill('SIGKILL')
  })
  const code = await exitOf(child)
  if (isOver) return { kind: 'too_large' }
  return code === 0
    ? { kind: 'ok', output: Buffer.concat(output) }
    : { kind: 'failed', code, message: Buffer.concat(message).toString().trim() }
}

/** Resolves when the process has ended and its output is read. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
}

function collect(stream: NodeJS.ReadableStream, maxBytes: number, onOver: () => void): Buffer[] {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) onOver()
    else chunks.push(chunk)
  })
  return chunks
}
