/** An address to fetch from, matched by our own grammar. `text` is what git is given. */
export type RemoteUrl =
  | { readonly scheme: 'https' | 'http' | 'ssh'; readonly host: string; readonly port: number; readonly text: string }
  | { readonly scheme: 'file'; readonly text: string }

export type RefusedUrl = { readonly scheme: 'refused'; readonly message: string; readonly hint: string }

const HOST = `(?<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)`
const PORT = String.raw`(?::(?<port>[1-9]\d{0,4}))?`
/** No `..`, no option, no shell's or git's own meaning, no query: those characters do not occur. */
const SEGMENT = '[A-Za-z0-9_~.+@%][A-Za-z0-9_~.+@%-]*'
const PATH = `${SEGMENT}(?:/${SEGMENT})*/?`
const HTTP = new RegExp(`^(?<scheme>https?)://${HOST}${PORT}/${PATH}$`)
const SSH = new RegExp(`^ssh://[a-z_][a-z0-9_-]{0,31}@${HOST}${PORT}/${PATH}$`)
const SCP = new RegExp(`^[a-z_][a-z0-9_-]{0,31}@${HOST}:/?${PATH}$`)
const FILE = new RegExp(`^file:///${PATH}$`)
const MAX_URL = 1000

/** `isLocalAllowed` (`SLUICE_LOCAL_REMOTES`) adds `file:` and plain `http:` addresses. */
export function parseRemoteUrl(text: string, isLocalAllowed: boolean): RemoteUrl | RefusedUrl {
  if (text.length > MAX_URL || text.split('/').includes('..')) return refuse(text)
  const http = HTTP.exec(text)?.groups
  if (http?.scheme === 'http' && !isLocalAllowed) return REFUSED_HTTP
  if (http !== undefined) return remote(http.scheme === 'http' ? 'http' : 'https', http, text)
  const ssh = (SSH.exec(text) ?? SCP.exec(text))?.groups
  if (ssh !== undefined) return remote('ssh', ssh, text)
  if (FILE.test(text) && isLocalAllowed) return { scheme: 'file', text }
  return refuse(text)
}

const PORTS = { https: 443, http: 80, ssh: 22 }

function remote(scheme: keyof typeof PORTS, groups: Record<string, string | undefined>, text: string): RemoteUrl {
  return { scheme, host: (groups.host ?? '').toLowerCase(), port: Number(groups.port ?? PORTS[scheme]), text }
}

const HINT = 'Use https://host/path.git, or git@host:path.git with the deploy key that sluice link shows'

const REFUSED_HTTP: RefusedUrl = {
  scheme: 'refused',
  message: 'Plain http is not fetched from: what comes over it could have been changed on its way',
  hint: HINT,
}

function refuse(text: string): RefusedUrl {
  const hasCredentials = /^https?:\/\/[^/]*@/.test(text)
  const shown = JSON.stringify(hasCredentials ? text.replace(/\/\/[^/]*@/, '//…@') : text.slice(0, 200))
  const why = whyRefused(text, hasCredentials)
  return { scheme: 'refused', message: `${shown} is no address that Sluice fetches from: ${why}`, hint: HINT }
}

function whyRefused(text: string, hasCredentials: boolean): string {
  if (hasCredentials) return 'it holds a name or password, which do not belong there'
  if (/^(https|ssh):\/\//.test(text)) return 'it is not the name of a host and the path of a repository on it'
  return 'only https and ssh addresses are'
}

/** A branch that may be given to git, and to the remote. */
export const isBranchName = (name: string): boolean =>
  /^[A-Za-z0-9](?:[A-Za-z0-9._/+-]{0,198}[A-Za-z0-9_+-])?$/.test(name) &&
  !/\.\.|\/\/|\/\.|\.lock(?:\/|$)/.test(name) &&
  name !== 'HEAD'
