/** One cron pattern: what its five fields name, ascending. Day 32 is the last of the month. */
export type CronPattern = { readonly [name in FieldName]: readonly number[] }

type FieldName = 'minutes' | 'hours' | 'days' | 'months' | 'weekdays'

/** `odd` are sentences on what is allowed and hardly meant. */
export type ReadCron =
  | { readonly ok: true; readonly patterns: readonly CronPattern[]; readonly odd: readonly string[] }
  | { readonly ok: false; readonly message: string /** Without the pattern. */; readonly why: string }

export const LAST_DAY = 32

type Field = {
  readonly name: FieldName
  readonly noun: string
  readonly first: number
  readonly last: number
  /** What numbers may be called, from `first` on. */
  readonly words: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const FIELDS: readonly Field[] = [
  { name: 'minutes', noun: 'minute', first: 0, last: 59, words: [] },
  { name: 'hours', noun: 'hour', first: 0, last: 23, words: [] },
  { name: 'days', noun: 'day of the month', first: 1, last: 31, words: [] },
  { name: 'months', noun: 'month', first: 1, last: 12, words: MONTHS },
  { name: 'weekdays', noun: 'day of the week', first: 0, last: 7, words: WEEKDAYS },
]

/**
 * Patterns joined by `|`, of five fields each: cron4j's grammar, which is Digdag's. Ranges may run over the end (`22-2`), a step without a range does nothing
 * (`5/10` is 5), empty pieces do not count (`1,,3` is 1 and 3, `-5` is 5), and `L` is the last day of the month.
 */
export function readCron(expression: string): ReadCron {
  const known = read.get(expression)
  if (known !== undefined) return known
  const result = readPatterns(expression)
  if (read.size >= MOST_READ) read.clear()
  read.set(expression, result)
  return result
}

/** A schedule is opened for each question, and most are written alike. */
const read = new Map<string, ReadCron>()
const MOST_READ = 1000

function readPatterns(expression: string): ReadCron {
  const texts = pieces(expression, '|').filter((text) => text.trim() !== '')
  if (texts.length === 0) return refuse(expression, 'it is empty')
  const odd: string[] = []
  const patterns: CronPattern[] = []
  for (const text of texts) {
    const fields = text.split(/\s+/).filter((field) => field !== '')
    if (fields.length !== 5)
      return refuse(
        text,
        `it has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}, and should have 5 (minute hour day month weekday)`,
      )
    const pattern = readPattern(fields, odd)
    if (typeof pattern === 'string') return refuse(text, pattern)
    if (comes(pattern)) patterns.push(pattern)
    else odd.push(`"${text.trim()}" never comes: there is no such day`)
  }
  return patterns.length > 0
    ? { ok: true, patterns, odd }
    : refuse(expression, 'there is no such day, so it never comes')
}

const refuse = (text: string, why: string): ReadCron => {
  return { ok: false, message: `"${text.trim()}" is no cron pattern: ${why}`, why }
}

const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function comes({ days, months }: CronPattern): boolean {
  const longest = Math.max(...months.map((month) => LONGEST[month - 1] ?? 0))
  return days.some((day) => day <= longest || day === LAST_DAY)
}

/** A text says what is wrong. */
function readPattern(fields: readonly string[], odd: string[]): CronPattern | string {
  const pattern: { [name in FieldName]: readonly number[] } = {
    minutes: [],
    hours: [],
    days: [],
    months: [],
    weekdays: [],
  }
  for (const [place, field] of FIELDS.entries()) {
    const values = readField(fields[place] ?? '', field, odd)
    if (typeof values === 'string') return values
    pattern[field.name] = values
  }
  return pattern
}

function readField(text: string, field: Field, odd: string[]): readonly number[] | string {
  const values = new Set<number>()
  const elements = pieces(text, ',')
  if (elements.length === 0) return `"${text}" is no ${field.noun}`
  for (const element of elements) {
    const named = readElement(element, field, odd)
    if (typeof named === 'string') return named
    for (const value of named) values.add(value)
  }
  return [...values].sort((one, other) => one - other)
}

/** `*`, `5`, `1-5`, each perhaps with a step: `1-5/2`. */
function readElement(text: string, field: Field, odd: string[]): readonly number[] | string {
  const [range, step = '1', more] = pieces(text, '/')
  if (range === undefined || more !== undefined) return `"${text}" is no ${field.noun}`
  const values = readRange(range, field)
  if (typeof values === 'string') return values
  if (!/^\d+$/.test(step) || Number(step) === 0) return `the step of "${text}" is not a number from 1 on`
  odd.push(...findOdd(text, field, values))
  return values.filter((_, place) => place % Number(step) === 0)
}

function readRange(text: string, field: Field): readonly number[] | string {
  if (text === '*') return count(field.first, field.last)
  const [from, to, more] = pieces(text, '-').map((word) => readValue(word, field))
  if (from === undefined || more !== undefined) return `"${text}" is no ${field.noun}`
  const wrong = [from, to].find((value) => typeof value === 'string')
  if (typeof from === 'string' || typeof to === 'string') return String(wrong)
  if (to === undefined) return [from]
  return from <= to ? count(from, to) : [...count(from, field.last), ...count(field.first, to)]
}

const count = (from: number, to: number) => Array.from({ length: Math.max(0, to - from + 1) }, (_, step) => from + step)

/** Sunday is 0, also where 7 is written; a 7 that is only passed by in a range is no day (as in cron4j). */
function readValue(text: string, { name, noun, first, last, words }: Field): number | string {
  const word = words.indexOf(text.toLowerCase())
  if (word >= 0) return first + word
  if (name === 'days' && text.toLowerCase() === 'l') return LAST_DAY
  const value = /^\+?\d+$/.test(text) ? Number(text) : undefined
  if (value === undefined || value < first || value > last) return `${text} is no ${noun} (${first} to ${last})`
  return name === 'weekdays' ? value % 7 : value
}

const pieces = (text: string, separator: string) => text.split(separator).filter((piece) => piece !== '')

function findOdd(text: string, { name, noun }: Field, values: readonly number[]): readonly string[] {
  const odd: string[] = []
  if (text.includes('/') && !/[*-]/.test(text)) odd.push(`"${text}" is ${values.join()} alone: a step needs a range`)
  if (/^-|-$/.test(text)) odd.push(`"${text}" is ${values.join()}: a minus sign stands between two values`)
  if (name === 'weekdays' && /^0-7(\/|$)/.test(text)) odd.push(`"${text}" is Sunday alone: 7 is Sunday, as 0 is`)
  return odd.map((sentence) => `${sentence} (${noun})`)
}
