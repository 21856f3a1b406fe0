import { parseJson, printJson } from '../json.ts'
import { Refusal, type RefusalCode } from '../refusal.ts'

/** The API as the commands see it. The paths are ours: what a person typed is encoded with `pathOf`. Throws the server's refusal, which `main` prints. */
export type Client = {
  readonly url: string
  readonly token: string | undefined
  get<T>(path: string, query?: Query): Promise<T>
  send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>
  /** Also when the server answers 409: then `isConflict` is true and `body` what was there first. */
  put<T>(path: string, body: unknown): Promise<{ readonly isConflict: boolean; readonly body: T }>
  /** As a forge would: with headers of its own and without our token. */
  deliver<T>(path: string, headers: Readonly<Record<string, string>>, text: string): Promise<T>
  stream(path: string, query?: Query): AsyncGenerator<Uint8Array>
}

type Query = Readonly<Record<string, string | undefined>>
/** Where the server is, and what opens it. `tokenFrom` says in words where the token was looked for. */
export type Server = { readonly url: string; readonly token: string | undefined; readonly tokenFrom: string }

/** Joins words to a path, each encoded. */
export const pathOf = (...words: readonly string[]): string => `/api/${words.map(encodeURIComponent).join('/')}`

type Fetcher = (request: Request) => Promise<Response>

export function openClient(server: Server, fetcher: Fetcher): Client {
  const ask = async (path: string, init: RequestInit) => {
    const answer = await reach(server, fetcher, new Request(new URL(path, server.url), init))
    const isAnswer = answer.ok || (answer.status === 409 && init.method === 'PUT')
    return isAnswer ? answer : Promise.reject(await refusalOf(server, answer))
  }
  // What our own server answers has our own types: it is not checked again.
  const read = async <T>(answer: Response) => parseJson(await answer.text()) as T
  return {
    url: server.url,
    token: server.token,
    get: async (path, query) => read(await ask(path + searchOf(query), requestOf(server, 'GET'))),
    send: async (method, path, body) => read(await ask(path, requestOf(server, method, body))),
    put: async (path, body) => {
      const answer = await ask(path, requestOf(server, 'PUT', body))
      return { isConflict: answer.status === 409, body: await read(answer) }
    },
    deliver: async (path, headers, text) => read(await ask(path, { method: 'POST', headers, body: text })),
    stream: async function* (path, query) {
      const { body } = await ask(path + searchOf(query), requestOf(server, 'GET'))
      if (body !== null) yield* body
    },
  }
}

function requestOf({ token }: Server, method: string, body?: unknown): RequestInit {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  return { method, headers, ...(body === undefined ? {} : { body: printJson(body) }) }
}

function searchOf(query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value)
  return search.size === 0 ? '' : `?${search}`
}

async function reach(server: Server, fetcher: Fetcher, request: Request) {
  try {
    return await fetcher(request)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error // fetch's own name for what happens on the network
    throw new Refusal(
      'unavailable',
      `Nothing answers at ${server.url}: ${reasonOf(error)}`,
      'Is the server running? Start it with ./scripts/up, or set SLUICE_URL to the address where it runs.',
    )
  }
}

function reasonOf({ cause, message }: TypeError): string {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  return REASONS[code] ?? (code || message)
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ECONNRESET: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
}

async function refusalOf(server: Server, answer: Response): Promise<Refusal> {
  if (answer.status === 401) return noEntry(server)
  const text = await answer.text()
  const { message, hint = decodeURIComponent(answer.headers.get('sluice-hint') ?? '') } = readRefusal(text)
  return new Refusal(
    CODES[answer.status] ?? 'unavailable',
    message ?? `${server.url} answered ${answer.status} ${answer.statusText}`.trim(),
    hint || 'Is that a Sluice server, of the same version as this command? Compare: sluice version',
  )
}

const CODES: Readonly<Record<number, RefusalCode>> = {
  400: 'invalid',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'too_many',
}

function readRefusal(text: string): { message?: string; hint?: string } {
  try {
    const answer: unknown = JSON.parse(text)
    return typeof answer === 'object' && answer !== null ? answer : {}
  } catch {
    return {} // a proxy's page
  }
}

const noEntry = ({ url, token, tokenFrom }: Server) =>
  new Refusal(
    'unauthorized',
    token === undefined
      ? `There is no token for ${url}: ${tokenFrom}`
      : `${url} does not know the token from ${tokenFrom}`,
    `Make one on ${url}/tokens and set SLUICE_TOKEN to it.`,
  )
