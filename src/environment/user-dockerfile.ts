/** What a user's own Dockerfile needs: the images it starts from, and the files it copies (`./`: all of them). */
export type DockerfileNeeds = { readonly from: readonly string[]; readonly copies: readonly string[] }

/** Reads what can be told without running it. Whatever cannot, such as a variable in a path, counts as all files. */
export function readDockerfile(text: string): DockerfileNeeds {
  const from: string[] = []
  const stages = new Set<string>()
  const copies: string[] = []
  for (const [word, rest] of instructions(text)) {
    if (word === 'FROM') {
      const [, image = '', stage] = /^(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?/i.exec(rest) ?? []
      if (!stages.has(image.toLowerCase()) && image !== 'scratch') from.push(image)
      if (stage !== undefined) stages.add(stage.toLowerCase())
    }
    if (word === 'COPY' || word === 'ADD') copies.push(...readSources(rest))
  }
  return { from: [...new Set(from)], copies: copies.includes('./') ? ['./'] : [...new Set(copies)] }
}

function instructions(text: string): readonly (readonly [string, string])[] {
  const lines = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\[ \t]*\n/g, ' ')
  return lines.split('\n').flatMap((line) => {
    const [, word, rest = ''] = /^\s*(\w+)\s+(.*\S)\s*$/.exec(line) ?? []
    return word === undefined ? [] : [[word.toUpperCase(), rest] as const]
  })
}

function readSources(rest: string): readonly string[] {
  const [flags = ''] = /^(?:--\S+\s+)*/.exec(rest) ?? []
  if (/--from=/i.test(flags)) return []
  const words = readWords(rest.slice(flags.length)).slice(0, -1)
  if (words.length === 0) return ['./']
  return words.filter((word) => !/^https?:\/\//.test(word)).map((word) => (isPlain(word) ? plain(word) : './'))
}

const readWords = (text: string) =>
  text.startsWith('[') ? [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word) : text.split(/\s+/)

const isPlain = (word: string) => !/[$"'<]|\.\./.test(word) && !/^\.?\/*$/.test(word)
const plain = (word: string) => word.replace(/^\.?\/+/, '')
