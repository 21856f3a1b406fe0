import { formatOffset, wallOf, type Zone } from '../workflow/zone.ts'

type Start = { readonly fullName: string; readonly startedAt: Date; readonly worker: string }

/** Digdag's name: the task, the start as 8 + 8 hex digits (seconds, nanoseconds), the agent. */
export function logFileName({ fullName, startedAt, worker }: Start): string {
  const ms = startedAt.getTime()
  return `${fullName}@${hex(Math.floor(ms / 1000))}${hex((ms % 1000) * 1_000_000)}.${worker.replaceAll('/', '-')}.log.gz`
}

const hex = (number: number) => number.toString(16).padStart(8, '0')

export type TaskLogPath = Start & {
  readonly projectId: string
  readonly workflow: string
  readonly sessionTime: Date
  readonly zone: Zone
  readonly retryName: string
  readonly createdAt: Date
}

/** What every file system takes. */
const MAX_NAME_BYTES = 255

/** Where Digdag's server leaves the log of one start: `2026-03-28/0.1daily@20260328T000000+0100/+daily+a@69c76f8000000000.host-1.log.gz` (digdag.md §7.4). */
export function taskLogPath(log: TaskLogPath): { readonly folder: string; readonly file: string } {
  const { projectId, workflow, sessionTime, zone, retryName, createdAt } = log
  const at = sessionTime.getTime()
  const session = `${new Date(wallOf(zone, at)).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}${formatOffset(zone, at, '')}`
  const attempt = `0.${projectId}${workflow}@${session}${retryName === '' ? '' : `_${retryName}`}`
  return {
    folder: `${createdAt.toISOString().slice(0, 10)}/${asName(attempt, '')}`,
    file: asName(logFileName({ ...log, fullName: '' }), log.fullName),
  }
}

/** One name and no path, whatever people call things; `head` gives way when it is too long. */
function asName(tail: string, head: string): string {
  const [end, start] = [tail, head].map((text) =>
    text.replaceAll('%', '%25').replaceAll('/', '%2F').replaceAll('\0', '%00'),
  )
  const room = MAX_NAME_BYTES - Buffer.byteLength(end ?? '')
  return `${cut(start ?? '', Math.max(0, room))}${cut(end ?? '', MAX_NAME_BYTES)}`
}

function cut(text: string, bytes: number): string {
  let kept = text
  while (Buffer.byteLength(kept) > bytes) kept = [...kept].slice(0, -1).join('')
  return kept
}
