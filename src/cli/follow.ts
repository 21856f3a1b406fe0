import type { FollowEvent } from '../http/api/follow.ts'
import { Refusal } from '../refusal.ts'
import { pathOf } from './client.ts'
import { Failed, type Tools } from './tools.ts'

type Wanted = { readonly task?: string | undefined; readonly isFollowing: boolean }
type LogEvent = Extract<FollowEvent, { kind: 'log' }>

/** How often a broken stream is opened again before we give up; the server may be restarting. */
const TRIES = 12

/** The events of an attempt until its end. When the stream breaks it is opened again and told from the beginning; what was heard already is left out. */
export async function* followEvents(tools: Tools, attempt: string, wanted: Wanted): AsyncGenerator<FollowEvent> {
  const heard = openMemory()
  for (let failures = 0; ; ) {
    heard.startAgain()
    try {
      for await (const event of readLines(tools, attempt, wanted)) {
        const rest = heard.leaveOut(event)
        if (rest !== undefined) yield rest
        if (event.kind === 'end') return
        failures = 0
      }
    } catch (error) {
      if (!isBroken(error) || failures >= TRIES) throw error
    }
    failures += 1
    tools.note(`The line to ${tools.client.url} broke. Trying again…`)
    await tools.wait(Math.min(5_000, 250 * 2 ** failures))
  }
}

/** Shows the attempt until its end: its tasks' moves and every line with its task's name; of one task just the bytes. Throws `Failed` unless it ends well. */
export async function showFollowed(tools: Tools, attempt: string, task?: string): Promise<void> {
  const lines = openLines(tools)
  for await (const event of followEvents(tools, attempt, { task, isFollowing: true })) {
    if (event.kind === 'log' && task !== undefined) tools.write(Buffer.from(event.bytes, 'base64'))
    else if (event.kind === 'log') lines.take(event)
    else if (event.kind === 'task' && task === undefined) sayMove(tools, event)
    else if (event.kind === 'end') {
      lines.flush()
      return sayEnd(tools, attempt, event.status)
    }
  }
}

const QUIET = ['blocked', 'ready', 'planned']

function sayMove(tools: Tools, { fullName, state, exitCause }: Extract<FollowEvent, { kind: 'task' }>): void {
  if (!QUIET.includes(state)) tools.note(`${fullName}: ${state}${exitCause === null ? '' : ` (${exitCause})`}`)
}

function sayEnd(tools: Tools, attempt: string, status: string): void {
  tools.note(`Attempt ${attempt}: ${status}`)
  if (status === 'success') return
  if (status === 'error') tools.note(`  See why: sluice tasks ${attempt}. Try again: sluice retry ${attempt}`)
  throw new Failed()
}

/** Whole lines of parallel tasks, each behind the name of its task. */
export function openLines(tools: Pick<Tools, 'write'>) {
  const rests = new Map<string, Buffer>()
  const say = (name: string, line: Uint8Array) => tools.write(Buffer.concat([Buffer.from(`${name} | `), line, NEWLINE]))
  return {
    take({ fullName, bytes }: Pick<LogEvent, 'fullName' | 'bytes'>) {
      let rest = Buffer.concat([rests.get(fullName) ?? Buffer.alloc(0), Buffer.from(bytes, 'base64')])
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        say(fullName, rest.subarray(0, end))
        rest = rest.subarray(end + 1)
      }
      rests.set(fullName, rest)
    },
    flush() {
      for (const [fullName, rest] of rests) if (rest.length > 0) say(fullName, rest)
      rests.clear()
    },
  }
}
const NEWLINE = Buffer.from('\n')

async function* readLines(
  { client }: Tools,
  attempt: string,
  { task, isFollowing }: Wanted,
): AsyncGenerator<FollowEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  const query = { task, follow: isFollowing ? '' : undefined }
  for await (const bytes of client.stream(pathOf('attempts', attempt, 'follow'), query)) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as FollowEvent // written by our own server, a line each
  }
}

/** Remembers the last state of each task and how much of its log was heard. */
function openMemory() {
  const states = new Map<string, string>()
  const bytesHeard = new Map<string, number>()
  const bytesTold = new Map<string, number>()
  const restOf = (event: LogEvent): LogEvent | undefined => {
    const bytes = Buffer.from(event.bytes, 'base64')
    const before = bytesTold.get(event.id) ?? 0
    const heard = bytesHeard.get(event.id) ?? 0
    bytesTold.set(event.id, before + bytes.length)
    bytesHeard.set(event.id, Math.max(heard, before + bytes.length))
    const rest = bytes.subarray(Math.max(0, heard - before))
    return rest.length === 0 ? undefined : { ...event, bytes: rest.toString('base64') }
  }
  return {
    startAgain: () => bytesTold.clear(),
    leaveOut(event: FollowEvent): FollowEvent | undefined {
      if (event.kind === 'log') return restOf(event)
      if (event.kind !== 'task') return event
      const isKnown = states.get(event.id) === event.state
      states.set(event.id, event.state)
      return isKnown ? undefined : event
    },
  }
}

/** A line that broke in the middle (fetch throws a TypeError), or a server that is away for a moment. */
const isBroken = (error: unknown) =>
  error instanceof TypeError || (error instanceof Refusal && error.code === 'unavailable')
