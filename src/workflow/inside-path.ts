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
  const stray = [...links].find(([path]) => leadsOut(path, links))
  return stray === undefined ? undefined : { path: stray[0], target: stray[1] }
}

/** A system follows as many; links that lead to each other lead nowhere. */
const MAX_HOPS = 40

function leadsOut(path: string, links: ReadonlyMap<string, string>): boolean {
  const place: string[] = []
  const rest = path.split('/')
  for (let hops = 0; rest.length > 0; ) {
    const part = rest.shift() ?? ''
    if (part === '..' && place.pop() === undefined) return true
    if (part === '..' || part === '.' || part === '') continue
    place.push(part)
    const target = links.get(place.join('/'))
    if (target === undefined) continue
    if (target.startsWith('/')) return true
    if (++hops > MAX_HOPS) return false
    place.pop()
    rest.unshift(...target.split('/'))
  }
  return false
}
