import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { LogId } from '../brand.ts'
import { listLogChunks } from '../db/logs.ts'
import { findLogExtent, findTailStart } from '../db/pages/log.ts'
import type { Sql } from '../db/sql.ts'
import { Log, LogLines, type LogTail, placeIn, Skipped } from '../ui/log.tsx'
import { LOG_START, type LogCursor, type LogLine, readChunk, readCursor } from '../ui/log-text.ts'
import type { LogNews } from './events.ts'

/** A page shows the end of a log; all of it is behind "Raw". */
const TAIL_BYTES = 256 * 1024
const LAST_BYTES = 4096

/** What was written since `cursor`, but no more than a page takes: what was skipped is said. Null: there is no such log. */
export async function readLogTail(
  sql: Sql,
  id: LogId,
  cursor: LogCursor = LOG_START,
  tailBytes = TAIL_BYTES,
): Promise<LogTail | null> {
  const extent = await findLogExtent(sql, id) // before the chunks: a log that is closed here gets no more of them
  if (extent === undefined) return null
  const { storedBytes, isClosed } = extent
  const start = await findTailStart(sql, id, { seq: cursor.seq, bytes: tailBytes })
  const from = start.skippedBytes > 0 ? { ...LOG_START, line: cursor.line, seq: start.seq } : cursor
  return { id, storedBytes, isClosed, skippedBytes: start.skippedBytes, ...(await readLines(sql, id, from)) }
}

/** How a log ends, as plain text. */
export async function readLastLines(sql: Sql, id: LogId, count: number): Promise<readonly string[]> {
  const tail = await readLogTail(sql, id, LOG_START, LAST_BYTES)
  const texts = new Map<number, string>()
  for (const { number, continues, clears, spans } of tail?.lines ?? []) {
    const text = spans.map((span) => span.text).join('')
    texts.set(number, continues && !clears ? `${texts.get(number) ?? ''}${text}` : text)
  }
  return [...texts.values()].filter((text) => text.trim() !== '').slice(-count)
}

async function readLines(sql: Sql, id: LogId, from: LogCursor): Promise<{ lines: LogLine[]; cursor: LogCursor }> {
  const lines: LogLine[] = []
  let cursor = from
  for (const chunk of await listLogChunks(sql, id, from.seq, 10_000)) {
    const read = readChunk(cursor, chunk)
    lines.push(...read.lines)
    cursor = read.cursor
  }
  return { lines, cursor }
}

/** Follows the log that a page shows, from where the page stands, and changes to another one when the page does. */
export class LogReader {
  #shown: { id: string; cursor: LogCursor } | undefined

  constructor(c: Context) {
    this.#shown = readPlace(c.req.header('last-event-id') ?? c.req.query('from') ?? '')
  }

  get shownId(): string | undefined {
    return this.#shown?.id
  }

  async read(
    sql: Sql,
    id: LogId | null,
    look: { zone: string; title: Child; label: string },
  ): Promise<{ tail: LogTail | null; news?: LogNews }> {
    const before = this.#shown?.id === id ? this.#shown : undefined
    const tail = id === null ? null : await readLogTail(sql, id, before?.cursor)
    if (tail === null) return { tail }
    this.#shown = tail
    if (before === undefined) return { tail, news: { event: 'part', data: String(<Log tail={tail} {...look} />) } }
    if (tail.lines.length === 0 && tail.skippedBytes === 0) return { tail }
    return { tail, news: { event: 'log', data: linesHtml(tail, look.zone), id: placeIn(tail) } }
  }
}

const linesHtml = (tail: LogTail, zone: string): string =>
  String(
    <>
      {tail.skippedBytes > 0 ? <Skipped bytes={tail.skippedBytes} id={tail.id} /> : null}
      <LogLines lines={tail.lines} zone={zone} />
    </>,
  )

function readPlace(word: string): { id: string; cursor: LogCursor } | undefined {
  const [, id, place = ''] = /^(\d{1,18}):(.+)$/.exec(word) ?? []
  const cursor = readCursor(place)
  return id === undefined || cursor === undefined ? undefined : { id, cursor }
}

/** The bytes as they were written, a few chunks at a time. */
export async function* readRaw(sql: Sql, id: LogId): AsyncGenerator<Uint8Array> {
  for (let seq = 0; ; ) {
    const chunks = await listLogChunks(sql, id, seq, 50)
    for (const { bytes } of chunks) yield bytes
    const last = chunks.at(-1)
    if (last === undefined) return
    seq = last.seq + 1
  }
}
