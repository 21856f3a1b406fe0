import { ExactNumber, type Json, type JsonObject } from '../../src/brand.ts'
import { printJson } from '../../src/json.ts'
import { isJsonObject } from '../../src/workflow/merge.ts'

/** Gives a number below `sides`: it chooses among the ways to write something. */
export type Dice = (sides: number) => number

/** One file. Anchors are its own, and so are the names of the files that it includes. */
type Page = {
  readonly roll: Dice
  readonly files: Record<string, string>
  readonly anchors: Map<string, { readonly name: string; readonly value: Json }>
}

/** A config as YAML, in any of the ways to write it: a file, and those that it includes. It shares no rule with the parser. */
export function printYaml(file: string, config: JsonObject, roll: Dice): Readonly<Record<string, string>> {
  const files: Record<string, string> = {}
  files[file] = printFile({ roll, files, anchors: new Map() }, config)
  return files
}

function printFile(page: Page, config: JsonObject): string {
  const start = pick(page, ['', '\ufeff', '# A comment: "\n\n', '---\n', '%YAML 1.1\n---\n'])
  const text = `${start}${isEmpty(config) ? '{}\n' : printBlockMap(page, config, 0)}`
  return page.roll(8) === 7 ? text.replaceAll('\n', '\r\n') : text
}

const pick = ({ roll }: Page, ways: readonly string[]): string => ways[roll(ways.length)] ?? ''
const pad = (indent: number) => ' '.repeat(indent)
const isEmpty = (value: Json) => typeof value === 'object' && value !== null && Object.keys(value).length === 0

function printBlockMap(page: Page, map: JsonObject, indent: number): string {
  const lines = takeMerge(page, map).map((part) => {
    if (typeof part === 'string') return `${pad(indent)}<<: *${part}\n`
    const [key, value] = part
    const comment = page.roll(12) === 11 ? `${pad(indent)}# A comment: with ' and [\n` : ''
    return `${comment}${pad(indent)}${printHead(page, key, indent)}${printBelow(page, value, indent, false)}`
  })
  return lines.join('')
}

function printHead(page: Page, key: string, indent: number): string {
  const written = printKey(page, key)
  const isExplicit = page.roll(12) === 11 || written.length > 1000
  return isExplicit ? `? ${written}\n${pad(indent)}:` : `${written}${pick(page, ['', ' '])}:`
}

/** A mapping's entries; in the place of some that an anchored mapping has as well stands its name, and after it what they are otherwise. */
function takeMerge(page: Page, map: JsonObject): readonly (string | readonly [string, Json])[] {
  const entries = Object.entries(map)
  for (const { name, value } of page.anchors.values()) {
    if (!isJsonObject(value) || Object.hasOwn(map, '<<') || page.roll(2) === 0) continue
    const at = page.roll(entries.length + 1)
    const own = entries.slice(0, at)
    const missing = Object.keys(value).filter((key) => !own.some(([one]) => one === key))
    const [merged, rest] = [entries.slice(at, at + missing.length), entries.slice(at + missing.length)]
    if (printJson(merged.map(([key]) => key)) !== printJson(missing)) continue
    const changed = merged.filter(([key, one]) => printJson(one) !== printJson(value[key]))
    return [...own, name, ...changed, ...rest]
  }
  return entries
}

/** What follows a colon or a dash at `indent`, to the end of its last line. */
function printBelow(page: Page, value: Json, indent: number, isItem: boolean): string {
  const known = page.anchors.get(printJson(value))
  if (known !== undefined && page.roll(3) > 0) return ` *${known.name}\n`
  const isNamed =
    known === undefined &&
    (typeof value === 'string' || typeof value === 'object') &&
    value !== null &&
    page.roll(3) > 0
  const name = `a${page.anchors.size}`
  if (isNamed) page.anchors.set(printJson(value), { name, value: null }) // its number is taken; it cannot hold itself
  const written = printFresh(page, value, indent, isItem, isNamed ? ` &${name}` : '')
  if (isNamed) page.anchors.set(printJson(value), { name, value })
  return written
}

function printFresh(page: Page, value: Json, indent: number, isItem: boolean, anchor: string): string {
  if (!isCollection(value)) return `${anchor}${printScalarBelow(page, value, indent)}`
  if (isEmpty(value) || page.roll(3) === 2) return `${anchor} ${printFlow(page, value, indent + 1)}\n`
  const inner = indent + 2 + page.roll(3)
  if (!isJsonObject(value)) {
    const at = isItem ? inner : indent + page.roll(3)
    return `${anchor}\n${value.map((item: Json) => `${pad(at)}-${printBelow(page, item, at, true)}`).join('')}`
  }
  if (anchor !== '') return `${anchor}\n${printBlockMap(page, value, inner)}`
  if (page.roll(6) === 5) return `\n${pad(inner)}!include : ${includeFile(page, value)}\n`
  if (isItem) return `${pad(inner - indent - 1)}${printBlockMap(page, value, inner).slice(inner)}`
  return `\n${printBlockMap(page, value, inner)}`
}

const isCollection = (value: Json): value is JsonObject | readonly Json[] => Array.isArray(value) || isJsonObject(value)

function includeFile({ roll, files }: Page, config: JsonObject): string {
  const path = `part-${Object.keys(files).length}.yml`
  files[path] = '' // its name is taken
  files[path] = printFile({ roll, files, anchors: new Map() }, config)
  return path
}

function printFlow(page: Page, value: Json, indent: number): string {
  if (!isCollection(value)) return printScalarInFlow(page, value)
  const space = pick(page, ['', ' ', `\n${pad(indent)}`])
  const comma = pick(page, [', ', ' , ', `,\n${pad(indent)}`])
  const end = isEmpty(value) ? '' : pick(page, ['', ', '])
  if (!isJsonObject(value))
    return `[${space}${value.map((one: Json) => printFlow(page, one, indent)).join(comma)}${end}${space}]`
  const entries = takeMerge(page, value).map((part) =>
    typeof part === 'string' ? `<<: *${part} ` : `${printKey(page, part[0])}: ${printFlow(page, part[1], indent)}`,
  )
  return `{${space}${entries.join(comma)}${end}${space}}`
}

/** In Digdag's dialect these are texts, whatever they are in others. */
const TEXTS: ReadonlySet<string> = new Set([
  ...['yes', 'no', 'on', 'off', 'y', 'n', 'TRUE', 'FALSE', 'NaN', 'Infinity', 'nan', 'inf'],
  ...[
    '10:00',
    '07:00:00',
    '-1:30',
    '08',
    '0.5',
    '-0.25',
    '0.0',
    '0e3',
    '2026-01-01',
    '1.2.3',
    '10%',
    '1e',
    '0o17',
    '0xg',
    '1h 30m',
    '=',
    '-x',
    '-'.repeat(2),
  ],
])
/** Only words, and no number, nothing and no truth. */
const PLAIN =
  /^(?!(?:true|True|false|False|null|Null|NULL)$)[\p{L}_/$](?:[\p{L}\p{N}_./$@%+()-]|[ :](?=[\p{L}\p{N}_./$@%+(-]))*$/u
const isColonFree = (text: string) => !/: |:$/.test(text)

const isPlain = (text: string): boolean => TEXTS.has(text) || (PLAIN.test(text) && isColonFree(text))

function printKey(page: Page, key: string): string {
  const isWord = isPlain(key) || /^\+[A-Za-z]\w*$/.test(key) || (/^\w+>$/.test(key) && isPlain(key.slice(0, -1)))
  return isWord && page.roll(4) > 0 ? key : quote(page, key)
}

function quote(page: Page, text: string): string {
  const isLine = !/[\p{Cc}\p{Cs}]/u.test(text)
  return isLine && page.roll(2) === 0 ? `'${text.replaceAll("'", "''")}'` : quoteDouble(text)
}

/** As JSON has it, with more escapes: the rest of what cannot be printed may not stand in YAML as it is. */
const quoteDouble = (text: string) =>
  JSON.stringify(text).replace(
    /[\x7f-\x9f\ufeff\ufffe\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

function printScalarInFlow(page: Page, value: Json): string {
  if (typeof value !== 'string') return printWord(page, value) || 'null'
  return isPlain(value) && page.roll(3) > 0 ? value : quote(page, value)
}

function printScalarBelow(page: Page, value: Json, indent: number): string {
  if (typeof value !== 'string') {
    const word = printWord(page, value)
    return word === '' ? '\n' : ` ${word}\n`
  }
  const way = page.roll(4)
  if (way === 1 && isPlain(value)) return ` ${value}\n`
  if (way === 2 && isBlock(value)) return printLiteral(page, value, indent)
  if (way === 3 && /^\S[^\p{Cc}]*$/u.test(value)) return ` ${breakQuoted(page, value, indent)}\n`
  return ` ${pick(page, ['', '!!str '])}${quote(page, value)}\n`
}

/** Not with spaces alone in the last line: they are read as an end of line. */
const isBlock = (text: string) =>
  /^[^\p{Cc}\ufeff]*$/u.test(text.replaceAll('\n', '')) && /(?:^|\n) *[^ \n][^\n]*\n*$/.test(text)

/** `|`, or `>` where it says the same. */
function printLiteral(page: Page, text: string, indent: number): string {
  const [, body = '', end = ''] = /^(.*?)(\n*)$/s.exec(text) ?? []
  const depth = 1 + page.roll(4)
  const size = /^[ \n]/.test(text) || page.roll(4) === 3 ? String(depth) : ''
  const chomp = end === '' ? '-' : end === '\n' ? pick(page, ['', '+']) : '+'
  const isFolded = page.roll(3) === 2 && !/^[ \t\n]|\n[ \t\n]/.test(body)
  const lines = (isFolded ? body.replaceAll('\n', '\n\n') : body).split('\n')
  const written = lines.map((line) => (line === '' ? '' : `${pad(indent + depth)}${line}`)).join('\n')
  return ` ${isFolded ? '>' : '|'}${size}${chomp}\n${written}\n${end.slice(1)}`
}

/** A quoted text over two lines. */
function breakQuoted(page: Page, text: string, indent: number): string {
  const at = 1 + page.roll(text.length)
  const [before, after] = [text.slice(0, at), text.slice(at)]
  if (after === '' || /^[\s\udc00-\udfff]/.test(after)) return quoteDouble(text)
  return `${quoteDouble(before).slice(0, -1)}\\\n${pad(indent + 1)}${quoteDouble(after).slice(1)}`
}

/** Of numbers, truth and nothing. */
function printWord(page: Page, value: Json): string {
  if (value === null) return pick(page, ['null', '~', '', 'NULL', '!!null x'])
  if (typeof value === 'boolean')
    return value ? pick(page, ['true', 'True', '!!bool yes']) : pick(page, ['false', 'False', '!!bool "off"'])
  const text = value instanceof ExactNumber ? value.text : String(value)
  if (/^-?\d+$/.test(text)) return printInteger(page, BigInt(text))
  if (/^-?0\.0*$/.test(text)) return `!!float ${text}`
  return text.replace(/^(-?)0(?=\.)/, '$1') // 0.5 is a text
}

function printInteger(page: Page, value: bigint): string {
  const size = value < 0n ? -value : value
  const sign = value < 0n ? '-' : pick(page, ['', '+'])
  const ways = [
    String(size),
    String(size).replace(/(?<=\d)(?=(?:\d{3})+$)/g, '_'),
    `0x${size.toString(16)}`,
    `0b${size.toString(2)}`,
    `0${size.toString(8)}`,
  ]
  return pick(page, [`${value}`, ...ways.map((one) => sign + one), `!!int "${value}"`])
}
