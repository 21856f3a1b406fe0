/** A relative path without `.` and `..`, empty for the folder itself; undefined when it is absolute or leaves the folder. */
export function insidePath(path: string): string | undefined {
  if (path.startsWith('/')) return undefined
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined
    if (part !== '..' && part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

export type Link = { readonly path: string; readonly target: string }

/** The first link that leads out of the folder in which all of them are, be it by way of another. `links` has their targets by path. */
export function findStrayLink(links: ReadonlyMap<string, string>): Link | undefined {
  const root = folderOf(links)
  const stray = [...links].find(([path]) => leadsOut(path, root))
  return stray === undefined ? undefined : { path: stray[0], target: stray[1] }
}

/** What lies in a folder and is, or leads down to, a link: its target, or the folder. One step down is one look, however long the way is by then. */
type Folder = Map<string, Folder | string>

function folderOf(links: ReadonlyMap<string, string>): Folder {
  const root: Folder = new Map()
  for (const [path, target] of links) {
    const folders = path.split('/')
    const name = folders.pop() ?? ''
    open(root, folders)?.set(name, target)
  }
  return root
}

/** Undefined: one of them is a link, and what lies below a link is not there. */
function open(root: Folder, folders: readonly string[]): Folder | undefined {
  let folder: Folder = root
  for (const name of folders) {
    const found = folder.get(name) ?? new Map()
    if (typeof found === 'string') return undefined
    folder.set(name, found)
    folder = found
  }
  return folder
}

/** A system follows as many; links that lead to each other lead nowhere. */
const MAX_HOPS = 40

function leadsOut(path: string, root: Folder): boolean {
  const place: (Folder | undefined)[] = [root]
  const rest = path.split('/').reverse()
  for (let hops = 0; rest.length > 0; ) {
    const part = rest.pop() ?? ''
    if (part === '..') place.pop()
    if (place.length === 0) return true
    if (part === '..' || part === '.' || part === '') continue
    const next = place.at(-1)?.get(part)
    if (typeof next !== 'string') place.push(next)
    else if (next.startsWith('/')) return true
    else if (++hops > MAX_HOPS) return false
    else for (const one of next.split('/').reverse()) rest.push(one)
  }
  return false
}
