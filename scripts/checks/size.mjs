// How big files and functions of src/ are. A function is counted without the functions inside it: each of those is counted by itself.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import swc from '@swc/core'

const MOST_LINES = { file: 300, function: 60 }
const TRIPWIRE = 40
const AIMS = { 'lines of a function, median': 8, 'lines of a function, p90': 25, 'lines of a file, median': 120 }
const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'Constructor',
  'MethodProperty',
])

/** swc counts bytes, from 1, and goes on counting from one file to the next: what an empty text gets is where the next one begins. */
function parse(text, isTsx) {
  const start = swc.parseSync('', { syntax: 'typescript' }).span.end + 1
  return { start, tree: swc.parseSync(text, { syntax: 'typescript', tsx: isTsx, target: 'es2022' }) }
}

function measure(file) {
  const text = readFileSync(file, 'utf8')
  const { start, tree } = parse(text, file.endsWith('x'))
  const bytes = Buffer.from(text)
  const lineAt = (position) => countNewlines(bytes.subarray(0, position - start)) + 1
  const functions = []
  let casts = 0
  const visit = (node, parent) => {
    if (Array.isArray(node)) {
      for (const one of node) visit(one, parent)
      return
    }
    if (node === null || typeof node !== 'object') return
    if (node.type === 'TsAsExpression') casts += 1
    const found = FUNCTIONS.has(node.type) ? enter(node, parent) : parent
    for (const child of Object.values(node)) visit(child, found)
  }
  const enter = (node, parent) => {
    const { span } =
      node.type === 'MethodProperty' && node.body
        ? { span: { start: node.key.span.start, end: node.body.span.end } }
        : node
    const [from, to] = [lineAt(span.start), lineAt(span.end)]
    const found = { file, line: from, lines: to - from + 1 }
    if (parent && from > parent.line) parent.lines -= Math.max(0, found.lines - 1)
    functions.push(found)
    return found
  }
  visit(tree.body, null)
  return { file, lines: text.trimEnd().split('\n').length, functions, casts }
}

const countNewlines = (bytes) => bytes.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0)
const rank = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0

const names = readdirSync('src', { recursive: true }).filter((name) => /\.tsx?$/.test(name))
const files = names.map((name) => measure(join('src', name)))
const functions = files.flatMap((file) => file.functions)
const found = {
  'lines of a function, median': rank(
    functions.map(({ lines }) => lines),
    0.5,
  ),
  'lines of a function, p90': rank(
    functions.map(({ lines }) => lines),
    0.9,
  ),
  'lines of a file, median': rank(
    files.map(({ lines }) => lines),
    0.5,
  ),
}
for (const [name, value] of Object.entries(found)) console.log(`${name}: ${value} (aim ${AIMS[name]})`)
console.log(
  `${files.length} files, ${functions.length} functions, ${files.reduce((sum, { casts }) => sum + casts, 0)} casts`,
)
for (const { file, line, lines } of functions.filter(({ lines }) => lines > TRIPWIRE)) {
  console.log(`${file}:${line} has ${lines} lines`)
}

const tooLong = [
  ...files
    .filter(({ lines }) => lines > MOST_LINES.file)
    .map(({ file, lines }) => `${file} has ${lines} lines, more than ${MOST_LINES.file}`),
  ...functions
    .filter(({ lines }) => lines > MOST_LINES.function)
    .map(
      ({ file, line, lines }) => `${file}:${line}: this function has ${lines} lines, more than ${MOST_LINES.function}`,
    ),
]
if (functions.length === 0) tooLong.push('the size report saw no function at all')
for (const line of tooLong) console.error(line)
process.exitCode = tooLong.length > 0 ? 1 : 0
