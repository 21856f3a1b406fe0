import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { Hints, Topic } from '../db/hints.ts'
import type { Database } from '../db/sql.ts'
import type { Env } from './env.ts'
import type { Report } from './errors.tsx'
import { openRail } from './view.ts'

type Element = { toString(): string }

/** What a look found. */
export type Look = {
  /** Parts of the page by their ids: each is sent when it is not what was sent last. */
  readonly parts: Readonly<Record<string, Element>>
  readonly log?: LogNews | undefined
  /** Nothing will change any more. */
  readonly isOver: boolean
}

/** Lines to add, or a log to show instead of the one that is there. */
export type LogNews =
  | { readonly event: 'log'; readonly data: string; readonly id: string }
  | { readonly event: 'part'; readonly data: string }

export type Following = {
  readonly ports: { readonly hints: Pick<Hints, 'hear'>; readonly sql: Database; readonly report: Report }
  /** Asked after each look: a page may come to show another log. */
  readonly topics: () => readonly Topic[]
  /** Looks without a hint too: hints may be lost, and a duration grows by itself. */
  readonly everyMs: number
  readonly look: () => Promise<Look>
}

/** Hints come in crowds: after a look the next one waits a little. */
const REST_MS = 150
/** A stream does not outlive its sign-in by more than this: the browser comes again by itself and is looked at anew. */
const LONGEST_MS = 10 * 60_000

/**
 * Sends what changed, each time something hints at a change. The first look comes before the answer begins: what it refuses gets an
 * honest status. What breaks later ends the stream: the browser comes again by itself, and its first look tells it why.
 */
export async function followPage(c: Context<Env>, following: Following): Promise<Response> {
  const { hints, report } = following.ports
  const first = await following.look()
  return streamSSE(c, async (stream) => {
    const bell = openBell()
    const ears = openEars(hints, bell.ring)
    stream.onAbort(bell.ring)
    try {
      await send(stream, following, first, { bell, ears })
    } catch (error) {
      report(crypto.randomUUID(), error)
    } finally {
      ears.hear([])
    }
  })
}

type Heard = { readonly bell: ReturnType<typeof openBell>; readonly ears: ReturnType<typeof openEars> }

async function send(stream: SSEStreamingApi, { ports, topics, everyMs, look }: Following, first: Look, heard: Heard) {
  const { bell, ears } = heard
  ears.hear(topics())
  const sent = new Map<string, string>()
  const rail = openRail(ports.sql)
  const until = performance.now() + LONGEST_MS
  for (let seen = first; !stream.aborted && performance.now() < until; seen = await look()) {
    const { parts, log, isOver } = seen
    for (const [id, part] of Object.entries({ ...parts, ...(await rail(isOver)) })) {
      const data = String(part)
      if (sent.get(id) !== data) await stream.writeSSE({ event: 'part', data })
      sent.set(id, data)
    }
    if (log !== undefined) await stream.writeSSE(log)
    ears.hear(topics())
    if (isOver) return await stream.writeSSE({ event: 'over', data: '' })
    await bell.wait(REST_MS, everyMs)
  }
}

/** Hears exactly the topics it was told last. */
function openEars(hints: Pick<Hints, 'hear'>, look: () => void) {
  const stops = new Map<Topic, () => void>()
  return {
    hear: (topics: readonly Topic[]) => {
      for (const [topic, stop] of stops) if (!topics.includes(topic) && stops.delete(topic)) stop()
      const added = topics.filter((topic) => !stops.has(topic))
      for (const topic of added) stops.set(topic, hints.hear(topic, look))
      if (added.length > 0) look() // what was said before we heard
    },
  }
}

/** Rings that come while nobody waits are kept as one. */
function openBell() {
  let isRung = false
  let wake = () => {}
  return {
    ring: () => {
      isRung = true
      wake()
    },
    wait: async (atLeastMs: number, atMostMs: number) => {
      await after(atLeastMs)
      const timeout = new AbortController()
      if (!isRung)
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), after(atMostMs, timeout.signal)])
      timeout.abort()
      isRung = false
    },
  }
}

const after = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => clearTimeout(timer))
  })
