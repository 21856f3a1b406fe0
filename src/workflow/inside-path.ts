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

/** Whether a link at `path` leads out of the folder that both are in. */
export const leadsOut = (path: string, target: string): boolean =>
  target.startsWith('/') || insidePath(`${path}/../${target}`) === undefined
