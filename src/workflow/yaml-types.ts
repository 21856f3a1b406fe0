import { ExactNumber } from '../brand.ts'
import type { LocatedScalar } from './located.ts'

/** The prefix of the tags of YAML itself. */
export const STANDARD = 'tag:yaml.org,2002:'
export const INCLUDE = '!include'
export const MAP = `${STANDARD}map`
export const SEQ = `${STANDARD}seq`
export const SET = `${STANDARD}set`
export const OMAP = `${STANDARD}omap`
export const PAIRS = `${STANDARD}pairs`

export const KNOWN_TAGS = 'Put the text in quotes, or use one of !!str !!int !!float !!binary !!set.'

type Value = LocatedScalar['value']
type ScalarType = { readonly read: (text: string) => Value | undefined; readonly fault: string }

const TAGGED_INTEGER = /^[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0[0-7_]*|[1-9][\d_]*|\d[\d_]*(?::[0-5]?\d)+)$/
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...(['yes', 'true', 'on'] as const).map((word) => [word, true] as const),
  ...(['no', 'false', 'off'] as const).map((word) => [word, false] as const),
])

const NULL = '(?:~|null|Null|NULL)?'
const BOOLEAN = '(?:true|True|false|False)'
const INTEGER = '[-+]?(?:0b_*[01][01_]*|0x_*[\\da-fA-F][\\da-fA-F_]*|0[0-7_]*|[1-9][\\d_]*)'
const FLOAT = '[-+]?(?:\\.\\d+|[1-9][\\d_]*\\.[\\d_]*|[1-9][\\d_]*(?=[eE]))(?:[eE][-+]?\\d+)?'
const SEXAGESIMAL = '[-+]?\\d[\\d_]*(?::[0-5]?\\d)+\\.[\\d_]*'
const INFINITE = '[-+]?\\.(?:inf|Inf|INF)'
const NOT_A_NUMBER = '\\.(?:nan|NaN|NAN)'

/** One question for each plain text: most are of none of these types. */
const TYPED = new RegExp(
  `^(?:(${NULL})|(${BOOLEAN})|(${INTEGER})|(${FLOAT})|(${SEXAGESIMAL})|(${INFINITE})|${NOT_A_NUMBER})$`,
)

/** What a text means that stands without quotes and without a tag. What is none of these types is a text: `yes`, `10:00`, `0.5` and dates too. */
export function readPlain(text: string): Value {
  const typed = TYPED.exec(text)
  if (typed === null) return text
  const [, nothing, boolean, integer, float, sexagesimal, infinite] = typed
  if (nothing !== undefined) return null
  if (boolean !== undefined) return /^t/i.test(text)
  if (integer !== undefined) return readInteger(text)
  if (float !== undefined) return readFloat(text)
  if (sexagesimal !== undefined) return finiteOf(countSixties(text))
  return infinite === undefined ? 'NaN' : readInfinite(text)
}

/** By its tag, which takes more than the type does without one. `read` gives undefined for what the type cannot be: that is `fault`. */
export const SCALAR_TYPES: ReadonlyMap<string, ScalarType> = new Map([
  typed('str', '', (text) => text),
  typed('int', 'no whole number', readTaggedInteger),
  typed('float', 'no number', readTaggedFloat),
  typed('bool', '', (text) => BOOLEANS.get(text.toLowerCase()) ?? null),
  typed('null', '', () => null),
  typed('binary', 'no base64', readBinary),
])

function typed(name: string, fault: string, read: ScalarType['read']): [tag: string, type: ScalarType] {
  return [`${STANDARD}${name}`, { fault, read }]
}

function readInteger(text: string): number | ExactNumber {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '')
  const literal = /^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits
  const value = signOf(text) * Number(literal) || 0
  if (Number.isSafeInteger(value)) return value
  return new ExactNumber(`${text.startsWith('-') ? '-' : ''}${BigInt(literal)}`)
}

/** Digdag's parser runs over without a word: such a number is none that anybody meant. */
function readTaggedInteger(text: string): number | ExactNumber | undefined {
  if (!TAGGED_INTEGER.test(text)) return undefined
  if (!text.includes(':')) return readInteger(text)
  const value = countSixties(text)
  return Number.isSafeInteger(value) ? value || 0 : undefined
}

function readFloat(text: string): number | ExactNumber | string {
  return finiteOf(Number(text.replaceAll('_', '')))
}

/** Beyond what a double holds it is a text, too. */
function finiteOf(value: number): number | ExactNumber | string {
  return Number.isFinite(value) ? floatOf(value) : String(value)
}

/** As Java writes doubles, so that 1.0 is no whole number: `1.0`, `1.0E30`. */
function floatOf(value: number): number | ExactNumber {
  const size = Math.abs(value)
  const isPlain = size === 0 || (size >= 1e-3 && size < 1e7)
  const [digits = '', exponent] = isPlain
    ? [Object.is(value, -0) ? '-0' : String(value)]
    : value.toExponential().split('e')
  const mantissa = digits.includes('.') ? digits : `${digits}.0`
  const written = exponent === undefined ? mantissa : `${mantissa}E${Number(exponent)}`
  return written === String(value) ? value : new ExactNumber(written)
}

function readTaggedFloat(text: string): number | ExactNumber | string | undefined {
  if (/^[-+]?\.inf$/i.test(text)) return readInfinite(text)
  if (/^\.nan$/i.test(text)) return 'NaN'
  if (/^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/.test(text)) return finiteOf(countSixties(text))
  return /^[-+]?(?:\.\d|\d)[\d_]*(?:\.[\d_]*)?(?:[eE][-+]?\d+)?$/.test(text) ? readFloat(text) : undefined
}

/** `1:30` is 90. */
function countSixties(text: string): number {
  const parts = text.replaceAll('_', '').replace(/^[-+]/, '').split(':')
  return signOf(text) * parts.reduce((total, part) => total * 60 + Number(part), 0)
}

function readInfinite(text: string): string {
  return text.startsWith('-') ? '-Infinity' : 'Infinity'
}

function signOf(text: string): number {
  return text.startsWith('-') ? -1 : 1
}

function readBinary(text: string): string | undefined {
  const digits = text.replace(/\s/g, '')
  const isBase64 = digits.length % 4 === 0 && /^[\w+/]*={0,2}$/.test(digits) && !digits.includes('_')
  return isBase64 ? digits : undefined
}
