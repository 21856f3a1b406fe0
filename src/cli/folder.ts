import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../refusal.ts'
import { MAX_FILES } from '../workflow/project-size.ts'
import type { TreeEntry } from '../workflow/workflow.ts'

/** Never part of a project; git leaves most of them out by `.gitignore`, which is not read here. */
const SKIPPED = new Set(['.git', '.sluice', 'node_modules', '.venv', '__pycache__'])

/** The files of a folder as git would list them, links as links. */
export async function readTree(folder: string): Promise<readonly TreeEntry[]> {
  const tree: TreeEntry[] = []
  for await (const entry of walk(folder, '')) {
    tree.push(entry)
    if (tree.length > MAX_FILES)
      throw new Refusal('too_large', `${folder} has more than ${MAX_FILES} files`, 'Name the folder of one project.')
  }
  return tree
}

async function* walk(folder: string, below: string): AsyncGenerator<TreeEntry> {
  for (const name of (await list(join(folder, below))).sort()) {
    if (SKIPPED.has(name)) continue
    const path = below === '' ? name : `${below}/${name}`
    const found = await lstat(join(folder, path))
    if (found.isDirectory()) yield* walk(folder, path)
    else if (found.isSymbolicLink()) yield { path, mode: '120000', bytes: found.size }
    else if (found.isFile()) yield { path, mode: found.mode & 0o100 ? '100755' : '100644', bytes: found.size }
  }
}

/** Where links lead, by path. */
export async function readLinks(folder: string, links: readonly TreeEntry[]): Promise<ReadonlyMap<string, string>> {
  return new Map(await Promise.all(links.map(async ({ path }) => [path, await readlink(join(folder, path))] as const)))
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException // all that readdir throws
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES') throw error
    const why = code === 'ENOENT' ? 'it does not exist' : code === 'ENOTDIR' ? 'it is no folder' : 'it may not be read'
    throw new Refusal('invalid', `${folder} cannot be checked: ${why}`, 'Name the folder of a project.')
  }
}

/** Asks again with the files that the answer needed, until it needs no more. */
export async function readUntil<Answer extends { readonly kind: string }>(
  folder: string,
  texts: Map<string, string>,
  ask: () => Answer | { readonly kind: 'needs'; readonly paths: readonly string[] },
): Promise<Exclude<Answer, { kind: 'needs' }>> {
  for (;;) {
    const answer = ask()
    if (!isNeeds(answer)) return answer as Exclude<Answer, { kind: 'needs' }> // the guard cannot say so of a type parameter
    const wanted = answer.paths.filter((path) => !texts.has(path))
    if (wanted.length === 0) throw new Error(`nothing to read any more of ${answer.paths.join(', ')}`)
    for (const path of wanted) texts.set(path, await readFile(join(folder, path), 'utf8'))
  }
}

const isNeeds = (answer: { readonly kind: string }): answer is { kind: 'needs'; paths: readonly string[] } =>
  answer.kind === 'needs'
