import { readFileSync } from 'node:fs'

/** What Python's zoneinfo says (zones.py): an oracle that shares nothing with Node's tables. Times are milliseconds; `until` is exclusive. */
export type Span = { readonly from: number; readonly until: number; readonly offset: number }
type Alike = { readonly names: readonly string[]; readonly spans: readonly Span[] }

const [head = '', ...blocks] = readFileSync(new URL('zones.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n\n')
const [, version = '', begin = '', end = ''] = head.split(' ')

export const TABLE = { version, begin: Date.parse(begin), end: Date.parse(end) }

/** Zones that change alike stand together. */
export const ALIKE: readonly Alike[] = blocks.map((block) => {
  const [names = '', ...lines] = block.split('\n')
  const changes = lines.map((line) => {
    const [at = begin, offset = ''] = line.includes(' ') ? line.split(' ') : [begin, line]
    return { from: Date.parse(at), offset: readOffset(offset) }
  })
  const spans = changes.map((change, place) => ({ ...change, until: changes[place + 1]?.from ?? TABLE.end }))
  return { names: names.split(' '), spans }
})

function readOffset(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(text) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/** Where the clocks are changed, with what they show just before and just after. */
export function changesOf(spans: readonly Span[]) {
  return spans.slice(1).map(({ from, offset }, place) => {
    const before = spans[place]?.offset ?? 0
    return { at: from, before, after: offset, wallBefore: from + before, wallAfter: from + offset }
  })
}

/** The policy, from the table alone: the first instant that shows a time; else the first one that shows more. */
export function instantShowing(spans: readonly Span[], wall: number): number | undefined {
  const span = spans.find(({ until, offset }) => wall < until + offset)
  return span && Math.max(span.from, wall - span.offset)
}
