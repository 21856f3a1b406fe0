import type { Child } from 'hono/jsx'
import { clockSeconds, sayBytes } from './format.ts'
import { Icon } from './glyph.tsx'
import { classOf, type LogCursor, type LogLine, writeCursor } from './log-text.ts'

export type LogTail = {
  readonly id: string
  readonly lines: readonly LogLine[]
  readonly cursor: LogCursor
  readonly storedBytes: number
  /** Bytes before the first line shown. */
  readonly skippedBytes: number
  readonly isClosed: boolean
}

/** Output of a task, a deploy or a build: numbered, linkable, as it was written. It grows by the page's stream. */
export function Log({ tail, zone, title, label }: { tail: LogTail; zone: string; title: Child; label: string }) {
  const isCut = tail.skippedBytes > 0
  return (
    <div class="sheet" id="log">
      <div class="log-bar">
        {title}
        <a class="btn small push" href={`/logs/${tail.id}`}>
          <Icon name="down" />
          Raw
        </a>
      </div>
      <ol
        class={isCut ? 'log uncounted' : 'log'}
        id={`log-${tail.id}`}
        tabindex={0}
        aria-label={label}
        data-from={placeIn(tail)}
      >
        {isCut ? <Skipped bytes={tail.skippedBytes} id={tail.id} /> : null}
        <LogLines lines={tail.lines} zone={zone} />
      </ol>
      <LogFoot tail={tail} />
    </div>
  )
}

/** Where a page stands in which log: its stream goes on from there. */
export const placeIn = ({ id, cursor }: Pick<LogTail, 'id' | 'cursor'>): string => `${id}:${writeCursor(cursor)}`

export function LogFoot({ tail }: { tail: Pick<LogTail, 'cursor' | 'storedBytes' | 'isClosed'> }) {
  const isEmpty = tail.storedBytes === 0
  return (
    <div class="foot" id="log-foot">
      <span>
        {isEmpty ? (tail.isClosed ? 'It wrote nothing.' : 'Nothing written yet.') : sayBytes(tail.storedBytes)}
      </span>
      {tail.isClosed ? null : <span class="push">Grows as it is written</span>}
    </div>
  )
}

export function Skipped({ bytes, id }: { bytes: number; id: string }) {
  return (
    <li class="skipped">
      <span class="ln"></span>
      <time></time>
      <span class="fold">
        {sayBytes(bytes)} before this are not shown. <a href={`/logs/${id}`}>Read it whole</a>
      </span>
    </li>
  )
}

/** Each line by its number; one that goes on says so, and the script puts its text where it belongs. */
export function LogLines({ lines, zone }: { lines: readonly LogLine[]; zone: string }) {
  return (
    <>
      {lines.map((line) => (
        <li id={`L${line.number}`} {...moveOf(line)}>
          <a class="ln" href={`#L${line.number}`}>
            {line.number}
          </a>
          <time datetime={line.at.toISOString()}>{clockSeconds(line.at, zone)}</time>
          <span>
            {line.spans.map(({ text, style }) => {
              const name = classOf(style)
              return name === '' ? text : <span class={name}>{text}</span>
            })}
          </span>
        </li>
      ))}
    </>
  )
}

const moveOf = ({ continues, clears }: LogLine) =>
  continues ? { 'data-onto': clears ? 'cleared' : 'end' } : ({} as Record<string, never>)
