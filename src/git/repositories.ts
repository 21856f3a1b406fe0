import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commit, ProjectId } from '../brand.ts'
import { Refusal } from '../refusal.ts'
import type { TreeEntry } from '../workflow/workflow.ts'
import { clearLocks, removeOldQuarantines } from './leftovers.ts'
import { type GitEnd, runGit } from './run-git.ts'

const NO_COMMIT = '0'.repeat(40)

/** A file's path, kind and size, and where git keeps its bytes. */
export type TreeFile = TreeEntry & { readonly object: string }

export type CommitWords = { readonly message: string; readonly author: string }

export type Archive = { readonly kind: 'packed'; readonly tarGz: Buffer } | { readonly kind: 'too_large' }

/** The bare repositories of an installation, one folder a project, named by its id: a project's name never becomes a path. */
export type Repositories = ReturnType<typeof openRepositories>

const MAX_LISTING = 64 * 1024 * 1024
const MAX_COMMIT = 1024 * 1024

export function openRepositories(folder: string) {
  const pathOf = (projectId: ProjectId) => join(folder, folderName(projectId))
  const git = async (projectId: ProjectId, argv: readonly string[], maxBytes = MAX_LISTING, input = '') =>
    outputOf(await runGit(pathOf(projectId), argv, { maxBytes, input }), argv)
  return {
    folder,
    folderName,
    pathOf,
    /** Safe to repeat. */
    create: async (projectId: ProjectId, branch: string | null) => initRepository(pathOf(projectId), branch ?? 'main'),
    /** An empty repository: what a project that does not exist yet shows to its first push. */
    createEmpty: async () => initRepository(join(folder, EMPTY)),
    /** Every branch with its commit. */
    branches: async (projectId: ProjectId): Promise<ReadonlyMap<string, Commit>> =>
      parseBranches(await git(projectId, ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads/'])),
    /** The words of a commit; undefined when `object` is something else, which no branch may point at. */
    commit: async (projectId: ProjectId, object: string): Promise<CommitWords | undefined> => {
      const end = await runGit(pathOf(projectId), ['cat-file', 'commit', object], { maxBytes: MAX_COMMIT })
      return end.kind === 'ok' ? parseCommit(end.output.toString()) : undefined
    },
    tree: async (projectId: ProjectId, commit: Commit): Promise<readonly TreeFile[]> =>
      parseTree(await git(projectId, ['ls-tree', '-r', '-z', '--long', '--full-tree', commit])),
    /** Files' texts from git's own store, never from a worktree. Bytes that are no UTF-8 become U+FFFD. */
    texts: async (projectId: ProjectId, files: readonly TreeFile[]): Promise<ReadonlyMap<string, string>> => {
      const maxBytes = files.reduce((sum, { bytes }) => sum + bytes + 100, 0)
      const input = files.map(({ object }) => `${object}\n`).join('')
      return parseBlobs(files, await git(projectId, ['cat-file', '--batch'], maxBytes, input))
    },
    /** The commit's files, the same bytes each time. */
    archive: async (projectId: ProjectId, commit: Commit, maxBytes: number): Promise<Archive> => {
      const argv = ['archive', '--format=tar.gz', '-1', commit]
      const end = await runGit(pathOf(projectId), argv, { maxBytes })
      return end.kind === 'too_large' ? end : { kind: 'packed', tarGz: outputOf(end, argv) }
    },
    /** Before a ref moves: what a killed git left locked would keep it from moving. */
    clearLocks: async (projectId: ProjectId, ref: string): Promise<void> => clearLocks(pathOf(projectId), ref),
    /** False when the branch was not at `from` any more, or cannot be there. */
    moveBranchIfAt: async (projectId: ProjectId, branch: string, from: string | null, to: Commit): Promise<boolean> => {
      const argv = ['update-ref', `refs/heads/${branch}`, to, from ?? NO_COMMIT]
      return (await runGit(pathOf(projectId), argv, { maxBytes: MAX_COMMIT })).kind === 'ok'
    },
    /** What a clone checks out. */
    setHead: async (projectId: ProjectId, branch: string): Promise<void> => {
      await git(projectId, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`])
    },
    /** What pushes have left that were killed long ago. */
    removeOldQuarantines: async (): Promise<void> => {
      const names = await readdir(folder).catch(() => []) // there is none before the first project
      for (const name of names) await removeOldQuarantines(join(folder, name))
    },
    /** Packs what has piled up; cheap when there is little. Off everybody's path. */
    tidy: async (projectId: ProjectId): Promise<void> => {
      await runGit(pathOf(projectId), ['gc', '--auto', '--quiet'], {
        maxBytes: MAX_COMMIT,
        config: { 'gc.autoDetach': 'false' },
      })
    },
  }
}

export const EMPTY = 'empty.git'
const folderName = (projectId: ProjectId) => `${projectId}.git`

async function initRepository(path: string, branch = 'main') {
  if (existsSync(join(path, 'HEAD'))) return
  await mkdir(path, { recursive: true })
  const argv = ['init', '--quiet', '--bare', `--initial-branch=${branch}`, '--template=']
  outputOf(await runGit(path, argv, { maxBytes: MAX_COMMIT }), argv)
}

function outputOf(end: GitEnd, argv: readonly string[]): Buffer {
  if (end.kind === 'ok') return end.output
  if (end.kind === 'too_large')
    throw new Refusal('too_large', 'The tree of this commit is too large to be listed', 'Push a smaller repository')
  throw new Error(`git ${argv.join(' ')} ended with ${end.code}: ${end.message}`)
}

function parseBranches(output: Buffer): ReadonlyMap<string, Commit> {
  const lines = output.toString().split('\n').slice(0, -1)
  return new Map(lines.map((line) => [line.slice(41 + 'refs/heads/'.length), line.slice(0, 40) as Commit])) // git says so
}

/** `mode type object bytes<TAB>path<NUL>`; a submodule has no bytes. */
function parseTree(output: Buffer): readonly TreeFile[] {
  const lines = output.toString().split('\0').slice(0, -1)
  return lines.map((line) => {
    const tab = line.indexOf('\t')
    const [mode = '', , object = '', bytes = ''] = line.slice(0, tab).split(/ +/)
    return { path: line.slice(tab + 1), mode, object, bytes: Number.parseInt(bytes, 10) || 0 }
  })
}

/** One `object type bytes` line, the bytes and a line feed for each file, in the order asked. */
function parseBlobs(files: readonly TreeFile[], output: Buffer): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  let at = 0
  for (const { path, bytes } of files) {
    const start = output.indexOf('\n', at) + 1
    texts.set(path, output.toString('utf8', start, start + bytes))
    at = start + bytes + 1
  }
  return texts
}

function parseCommit(text: string): CommitWords {
  const end = text.indexOf('\n\n')
  const author = /^author (.*) <.*$/m.exec(text.slice(0, end))?.[1] ?? ''
  return { author, message: text.slice(end + 2).trim() }
}
