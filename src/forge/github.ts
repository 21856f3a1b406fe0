import { Webhooks } from '@octokit/webhooks'

/** What a GitHub webhook asks for. */
export type GithubEvent =
  | { readonly kind: 'ping' }
  | {
      readonly kind: 'push'
      readonly branch: string
      readonly ref: string
      readonly commit: string
      readonly pushedBy: string | null
    }
  | { readonly kind: 'other'; readonly reason: string; readonly ref: string | null }

/** Whether `signature` (X-Hub-Signature-256) is that of `text` under `secret`. SHA-256 alone counts. */
export async function verifyGithub(secret: string, text: string, signature: string): Promise<boolean> {
  if (secret === '' || !/^sha256=[0-9a-f]{64}$/.test(signature)) return false
  return new Webhooks({ secret, log: SILENT }).verify(text, signature)
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Reads a verified body. Never throws: what cannot be read is an event that asks for nothing. */
export function parseGithub(event: string, text: string): GithubEvent {
  if (event === 'ping') return { kind: 'ping' }
  if (event !== 'push') return other(`${event} events deploy nothing`)
  const payload = parseObject(text)
  const [ref, after] = [payload?.ref, payload?.after]
  if (text.startsWith('payload=')) return other(AS_FORM)
  if (typeof ref !== 'string' || typeof after !== 'string') return other('it is not the body of a push')
  const [, branch] = /^refs\/heads\/(.+)$/.exec(ref) ?? []
  if (branch === undefined) return other(`${ref} is no branch`, ref)
  if (payload?.deleted === true || /^0+$/.test(after)) return other(`${branch} was deleted`, ref)
  const pusher = parsed(payload?.pusher)
  return { kind: 'push', branch, ref, commit: after, pushedBy: typeof pusher?.name === 'string' ? pusher.name : null }
}

/** GitHub's own default, and easily left as it is. */
const AS_FORM = 'it came as a form: set the content type of the webhook to application/json'

const other = (reason: string, ref: string | null = null) => ({ kind: 'other', reason, ref }) as const

/** Addresses by which the sending repository may be linked. */
export function cloneUrls(text: string): readonly string[] {
  const repository = parsed(parseObject(text)?.repository)
  const urls = [repository?.clone_url, repository?.ssh_url, repository?.git_url]
  return urls.filter((url) => typeof url === 'string')
}

type Fields = { readonly [key: string]: unknown }

const parsed = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? (value as Fields) : undefined // its values stay unknown

function parseObject(text: string): Fields | undefined {
  try {
    return parsed(JSON.parse(text))
  } catch {
    return undefined // signed, and no JSON: it asks for nothing
  }
}
