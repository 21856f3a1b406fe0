/** Where images are kept that other hosts need too. */
export type Registry = {
  /** `host[:port][/path]`: what its images' names begin with. */
  readonly address: string
  /** `host[:port]`: what credentials are for. */
  readonly host: string
  readonly credentials: Credentials | null
}

export type Credentials = { readonly user: string; readonly password: string }

/** A host of one bare word is none: Docker would take it for a user of its own hub. */
const PATTERN =
  /^(?:([^:@/\s]+):([^@/\s]+)@)?((?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:)|\[[0-9a-f:]+\])(?::\d{1,5})?)((?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)\/?$/

/** Of `[user:password@]host[:port][/path]`; undefined when it is not that. What is odd in a user or a password is percent-encoded. */
export function readRegistry(text: string): Registry | undefined {
  const [, user, password, host, path] = PATTERN.exec(text) ?? []
  if (host === undefined) return undefined
  const credentials = user === undefined || password === undefined ? null : readCredentials(user, password)
  return credentials === undefined ? undefined : { address: `${host}${path ?? ''}`, host, credentials }
}

function readCredentials(user: string, password: string): Credentials | undefined {
  try {
    return { user: decodeURIComponent(user), password: decodeURIComponent(password) }
  } catch {
    return undefined // a lone %
  }
}

/** What `docker login` left in config.json for this host. A credential helper that is named there is not called. */
export function findCredentials(dockerConfig: string, host: string): Credentials | null {
  const auth = readAuth(dockerConfig, host)
  const [, user, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(auth ?? '', 'base64').toString()) ?? []
  return user === undefined || password === undefined ? null : { user, password }
}

function readAuth(dockerConfig: string, host: string): string | undefined {
  try {
    const auth: unknown = JSON.parse(dockerConfig)?.auths?.[host]?.auth
    return typeof auth === 'string' ? auth : undefined
  } catch {
    return undefined // Docker's own file, and its own to mend
  }
}

/** The repository of a tag there: `registry:5000/sluice/weather`. */
export function repositoryOf({ address }: Registry, tag: string): string {
  return `${address}/${tag.replace(/:[^:/]+$/, '')}`
}
