const UNNAMED = '(intermediate value)'
/** A name is short, and these patterns are slow on long texts. */
const MOST = 300
const TEXT = /(['"])((?:(?!\1)[^\\\n])*)\1$/
const MEMBER = /^(.*\S)\s*\.\s*([A-Za-z_$][\w$]*)$/s
const ELEMENT = /^(.*\S)\s*\[\s*('[^']*'|"[^"]*"|\d+|[A-Za-z_$][\w$]*)\s*\]$/s

/**
 * Names what is called at the end of `code`, as Digdag's engine does: `.missing` of anything that is looked up in the params is
 * `(intermediate value).missing`. Undefined for what has no name.
 */
export function nameCallee(code: string): string | undefined {
  const text = code.slice(-MOST).trimEnd()
  return nameMember(text) ?? /[A-Za-z_$][\w$]*$/.exec(text)?.[0]
}

function nameMember(text: string): string | undefined {
  const [, owner, name] = MEMBER.exec(text) ?? []
  if (owner !== undefined) return `${nameValue(owner)}.${name}`
  const [, list, index = ''] = ELEMENT.exec(text) ?? []
  return list === undefined ? undefined : `${nameValue(list)}[${nameIndex(index)}]`
}

function nameIndex(index: string): string {
  if (/^\d/.test(index)) return index
  return TEXT.test(index) ? JSON.stringify(index.slice(1, -1)) : UNNAMED
}

function nameValue(text: string): string {
  if (text.endsWith(')')) return nameCalled(text)
  const quoted = TEXT.exec(text)
  if (quoted !== null) return JSON.stringify(quoted[2])
  const member = nameMember(text)
  if (member !== undefined) return member
  const word = /[A-Za-z_$][\w$]*$/.exec(text)?.[0]
  if (word === undefined) return UNNAMED
  if (word === 'this') return '<this>'
  return isLocal(word, text) ? word : UNNAMED
}

function nameCalled(text: string): string {
  const called = text.slice(0, openingOf(text)).trimEnd()
  if (!/[\w$)\]]$/.test(called) || /\bnew\s+[\w$.]+$/.test(called)) return UNNAMED
  return `${nameValue(called)}(...)`
}

/** Where the parenthesis opens that closes at the end. */
function openingOf(text: string): number {
  let depth = 0
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === ')') depth++
    if (text[at] === '(' && --depth === 0) return at
  }
  return 0
}

/** A variable or an argument of a function, as far as the code before it shows. */
function isLocal(word: string, before: string): boolean {
  const name = word.replaceAll('$', '\\$')
  return new RegExp(`\\bvar\\s[^;]*\\b${name}\\b|\\bfunction\\b[^(]*\\([^)]*\\b${name}\\b`).test(before)
}
