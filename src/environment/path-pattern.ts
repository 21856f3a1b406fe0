/** Docker's patterns: `*` and `?` stay within a folder, `**` does not, and whatever matches a folder matches what is in it. */
export function matchesPath(pattern: string, path: string): boolean {
  const clean = pattern.replace(/^\.?\/+/, '').replace(/\/+$/, '')
  if (clean === '' || clean === '.') return true
  return new RegExp(`^${toRegExp(clean)}(/.*)?$`).test(path)
}

function toRegExp(pattern: string): string {
  return pattern.replaceAll(/\*\*\/?|\*|\?|\[[^\]]+]|\\.|[^*?[\\]+|[[\\]/g, (part) => {
    if (part.startsWith('**')) return part.endsWith('/') ? '(?:.*/)?' : '.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    if (part.length > 1 && part.startsWith('[')) return part.replace(/^\[!/, '[^')
    return (part.length === 2 && part.startsWith('\\') ? part.slice(1) : part).replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  })
}

/** Tells which files a `.dockerignore` leaves out: the last line that matches decides, `!` takes back. */
export function readIgnore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isKept: line.startsWith('!'), pattern: line.replace(/^!/, '') }))
  return (path) => rules.findLast(({ pattern }) => matchesPath(pattern, path))?.isKept === false
}
