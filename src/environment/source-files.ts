import type { TreeEntry } from '../workflow/workflow.ts'

/** A file of the pushed tree; `object` is git's id of its bytes. */
export type SourceFile = TreeEntry & { readonly object: string }

/** What the planner reads: a file that is asked for and not loaded yet counts as empty and is `missing`. */
export type SourceFiles = {
  readonly tree: readonly SourceFile[]
  readonly missing: ReadonlySet<string>
  has(path: string): boolean
  read(path: string): string
}

export function openSourceFiles(tree: readonly SourceFile[], texts: ReadonlyMap<string, string>): SourceFiles {
  const paths = new Set(tree.map(({ path }) => path))
  const missing = new Set<string>()
  return {
    tree,
    missing,
    has: (path) => paths.has(path),
    read(path) {
      const text = texts.get(path)
      if (text === undefined && paths.has(path)) missing.add(path)
      return (text ?? '').replaceAll('\r\n', '\n')
    },
  }
}

/** `dir/file` seen from a file of `dir`; undefined when it leads out of the project. */
export function resolvePath(from: string, path: string): string | undefined {
  const parts = from.split('/').slice(0, -1)
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined
    if (part !== '..' && part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}
