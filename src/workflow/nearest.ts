/** The name that was probably meant: the nearest by edits, at most two of them or half the name; undefined when none is near. */
export function nearest(name: string, known: Iterable<string>, atMost = 2): string | undefined {
  const limit = Math.min(atMost, Math.floor(name.length / 2))
  const wanted = name.toLowerCase()
  let best: { readonly name: string; readonly edits: number } | undefined
  for (const candidate of known) {
    const edits = countEdits(wanted, candidate.toLowerCase(), limit)
    if (edits <= limit && (best === undefined || edits < best.edits)) best = { name: candidate, edits }
  }
  return best?.name
}

/** All that Digdag finds near: by at most half of their own letters. */
export function allNear(name: string, known: readonly string[]): readonly string[] {
  return known.filter((candidate) => {
    const limit = Math.floor(candidate.length / 2)
    return countEdits(name, candidate, limit) <= limit
  })
}

/** Levenshtein's distance; anything above `limit` may come back as `limit + 1`. */
function countEdits(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let line = 1; line <= from.length; line++) {
    row = nextRow(row, line, from[line - 1], to)
    if (row.every((edits) => edits > limit)) return limit + 1
  }
  return row[to.length] ?? 0
}

function nextRow(above: readonly number[], line: number, letter: string | undefined, to: string): number[] {
  const row = [line]
  for (let column = 1; column <= to.length; column++) {
    const [left = 0, up = 0, corner = 0] = [row[column - 1], above[column], above[column - 1]]
    row.push(Math.min(left + 1, up + 1, corner + (letter === to[column - 1] ? 0 : 1)))
  }
  return row
}

export function didYouMean(name: string, known: Iterable<string>, otherwise: string, limit = 2): string {
  const near = nearest(name, known, limit)
  return near === undefined ? otherwise : `Did you mean ${near}?`
}
