import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ENV = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Ana',
  GIT_AUTHOR_EMAIL: 'ana@example.com',
  GIT_COMMITTER_NAME: 'Ana',
  GIT_COMMITTER_EMAIL: 'ana@example.com',
  GIT_AUTHOR_DATE: '2026-03-28T06:00:00Z',
  GIT_COMMITTER_DATE: '2026-03-28T06:00:00Z',
}

export type GitRun = { readonly code: number | null; readonly out: string; readonly err: string }

/** A person's own git, as they would have it: no settings but these. */
function startGit(cwd: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn('git', argv, { cwd, env: { ...ENV, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const ended = new Promise<GitRun>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve({ code, out, err: trimLines(err) })),
  )
  return { child, ended, seen: () => err }
}

const git = (cwd: string, ...argv: string[]): Promise<GitRun> => startGit(cwd, argv).ended

/** git pads what the server says with blanks. */
const trimLines = (text: string) => text.replaceAll(/[ \t]+$/gm, '')

/** A repository of its own in a folder of its own. */
export async function makeRepository(files: Readonly<Record<string, string>>, branch = 'main') {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-repo-'))
  await git(folder, 'init', '-q', '-b', branch)
  const repository = {
    folder,
    git: (...argv: string[]) => git(folder, ...argv),
    start: (argv: readonly string[], env?: Readonly<Record<string, string>>) => startGit(folder, argv, env),
    write: async (changed: Readonly<Record<string, string>>) => {
      for (const [path, text] of Object.entries(changed)) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), text)
      }
    },
    commit: async (changed: Readonly<Record<string, string>>, message = 'Change') => {
      await repository.write(changed)
      await git(folder, 'add', '-A')
      await git(folder, 'commit', '-q', '--allow-empty', '-m', message)
      return (await git(folder, 'rev-parse', 'HEAD')).out.trim()
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
  await repository.commit(files, 'First')
  return repository
}

export type TestRepository = Awaited<ReturnType<typeof makeRepository>>
