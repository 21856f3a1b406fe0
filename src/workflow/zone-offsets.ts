const DAY = 86_400_000
/** No zone has changed its clocks and changed them back within this since 1970. */
const STEP = 6 * DAY
const PAGE = 64 * STEP
/** JavaScript knows no instant beyond this one, before or after 1970. */
const LAST = 8.64e15
/** Of one zone: some thousand years. Whoever asks for more is not after schedules. */
const MOST_PAGES = 2000

/** From `at` on a zone is `offset` milliseconds east of Greenwich. */
type Change = { readonly at: number; readonly offset: number }
/** All changes of a stretch of time, which begins with one. */
type Page = readonly Change[]

/** What Intl says of one zone, a page of time at once: it takes a microsecond to answer, and knows no other question than this one. */
type Offsets = { readonly ask: (instant: number) => number; readonly pages: Map<number, Page> }

const opened = new Map<string, Offsets>()

/** Undefined when Intl does not know the zone. */
export function openOffsets(name: string): Offsets | undefined {
  const known = opened.get(name)
  if (known !== undefined) return known
  const format = tryFormat(name)
  if (format === undefined) return undefined
  const offsets = { ask: (instant: number) => readOffset(format.format(instant)), pages: new Map() }
  opened.set(name, offsets)
  return offsets
}

/** Intl has no other way to ask whether a zone exists. The hour is asked for because a date costs more. */
function tryFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', timeZoneName: 'longOffset' })
  } catch {
    return undefined
  }
}

/** `7 PM GMT-04:56:02`, `1 AM GMT` */
function readOffset(text: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(text) ?? []
  const total = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return (sign === '-' ? -total : total) * 1000
}

/** A stretch of time in which the clocks are not changed, from `from` to before `until`. It may go on beyond either. */
export type Stretch = { readonly from: number; readonly until: number; readonly offset: number }

export function findStretch(offsets: Offsets, instant: number): Stretch {
  const number = Math.floor(instant / PAGE)
  const page = openPage(offsets, number)
  const next = page.findIndex(({ at }) => at > instant)
  const { at, offset } = page.at(next < 0 ? -1 : next - 1) as Change // a page begins with a change
  return { from: at, until: page[next]?.at ?? (number + 1) * PAGE, offset }
}

function openPage(offsets: Offsets, number: number): Page {
  const known = offsets.pages.get(number)
  if (known !== undefined) return known
  const page = readPage(offsets.ask, number * PAGE)
  if (offsets.pages.size >= MOST_PAGES) offsets.pages.clear()
  offsets.pages.set(number, page)
  return page
}

function readPage(askAny: Offsets['ask'], start: number): Page {
  const ask = (instant: number) => askAny(Math.max(-LAST, Math.min(LAST, instant)))
  const changes = [{ at: start, offset: ask(start) }]
  let before = ask(start)
  for (let at = start; at < start + PAGE; at += STEP) {
    const offset = ask(at + STEP)
    if (offset !== before) changes.push({ at: findChange(ask, at, at + STEP), offset })
    before = offset
  }
  return changes.filter(({ at }) => at < start + PAGE)
}

/** The second in which the clocks begin to show what they show at `to`. */
function findChange(ask: Offsets['ask'], from: number, to: number): number {
  const offset = ask(to)
  let [before, after] = [from, to]
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000
    if (ask(middle) === offset) after = middle
    else before = middle
  }
  return after
}
