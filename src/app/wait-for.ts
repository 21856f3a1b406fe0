import type { Hints, Topic } from '../db/hints.ts'

/** Looks now, after each hint on one of `topics`, and every `everyMs` because hints may be lost, until there is something to see. */
export async function waitFor<Seen>(
  hints: Pick<Hints, 'hear'>,
  topics: readonly Topic[],
  everyMs: number,
  look: () => Promise<Seen | undefined>,
): Promise<Seen> {
  for (;;) {
    const hint = nextHint(hints, topics, everyMs) // before the look: what happens meanwhile is not missed
    try {
      const seen = await look()
      if (seen !== undefined) return seen
      await hint.heard
    } finally {
      hint.forget()
    }
  }
}

function nextHint(hints: Pick<Hints, 'hear'>, topics: readonly Topic[], everyMs: number) {
  const { promise, resolve } = withResolve()
  const forgets = topics.map((topic) => hints.hear(topic, resolve))
  const timer = setTimeout(resolve, everyMs)
  return {
    heard: promise,
    forget: () => {
      clearTimeout(timer)
      for (const forget of forgets) forget()
    },
  }
}

function withResolve() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
