import { SmeeClient } from 'smee-client'

/** A webhook that came over a relay: the sender's headers, and what its body may have been. */
export type Relayed = {
  readonly headers: Readonly<Record<string, string>>
  /** Of the channel's address: `?project=shop`. */
  readonly query: Readonly<Record<string, string>>
  /** The relay parses the body; these are the texts it may have had, the likeliest first. */
  readonly bodies: readonly string[]
}

export type Smee = { readonly close: () => Promise<void> }

type Needs = {
  /** Address of the channel. */
  readonly source: string
  readonly receive: (relayed: Relayed) => Promise<void>
  readonly say: (line: string) => void
  readonly retryMs?: number
}

/** Listens to a smee channel until `close`. While the relay is away it tries again; what was sent meanwhile is lost, as smee keeps nothing. */
export function openSmee({ source, receive, say, retryMs = 2_500 }: Needs): Smee {
  let isOpen = true
  let timer: NodeJS.Timeout | undefined
  // Nothing is forwarded: the client needs a target all the same.
  const logger = { info: () => {}, error: () => {} }
  const client = new SmeeClient({ source, target: source, forward: false, logger })
  client.onmessage = ({ data }) => void take(data)
  const take = async (data: unknown) => {
    try {
      await receive(parseRelayed(String(data)))
    } catch (error) {
      say(`A webhook from ${source} was not received: ${error instanceof Error ? error.message : error}`)
    }
  }
  const start = async () => {
    try {
      await client.start()
      say(`Webhooks are relayed from ${source}`)
    } catch {
      await client.stop()
      if (isOpen) timer = setTimeout(() => void start(), retryMs)
    }
  }
  void start()
  return {
    close: async () => {
      isOpen = false
      clearTimeout(timer)
      await client.stop()
    },
  }
}

/** The relay's message is one object: the headers, and beside them `body`, `query` and `timestamp`. */
export function parseRelayed(data: string): Relayed {
  const { body, query, timestamp: _, ...headers } = JSON.parse(data) as { [key: string]: unknown } // the relay's form, documented
  return { headers: textsOf(headers), query: textsOf(query), bodies: bodiesOf(body) }
}

const textsOf = (fields: unknown) =>
  Object.fromEntries(Object.entries(fields ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]))

/** GitHub writes control characters as `\u001B`, JSON.stringify as `\u001b`: a signature covers one of them. */
function bodiesOf(body: unknown): readonly string[] {
  const text = JSON.stringify(body ?? {})
  const upper = text.replace(/\\u[0-9a-f]{4}/g, (code) => `\\u${code.slice(2).toUpperCase()}`)
  return upper === text ? [text] : [text, upper]
}
