import type { Commit, ProjectId } from '../brand.ts'
import type { Repositories } from '../git/repositories.ts'
import type { Pushed } from './pushed.ts'

type Ports = { readonly repositories: Pick<Repositories, 'commit' | 'tree' | 'texts' | 'archive'> }

/** A commit, read from git's own store; undefined when it is something else, which no branch may point at. */
export async function openCommit(
  { repositories }: Ports,
  projectId: ProjectId,
  commit: Commit,
): Promise<Pushed | undefined> {
  const words = await repositories.commit(projectId, commit)
  if (words === undefined) return undefined
  const tree = await repositories.tree(projectId, commit)
  const files = new Map(tree.map((file) => [file.path, file]))
  return {
    words: { name: commit.slice(0, 12), commit, ...words, schedules: { from: null, clear: [] } },
    tree,
    texts: async (paths) =>
      repositories.texts(
        projectId,
        paths.flatMap((path) => files.get(path) ?? []),
      ),
    pack: async (maxBytes) => {
      const archive = await repositories.archive(projectId, commit, maxBytes)
      return archive.kind === 'packed' ? archive.tarGz : undefined
    },
    close: () => {}, // git's own store has it
  }
}
