import type { UserId } from '../brand.ts'

export type User = { readonly id: UserId; readonly name: string }

/** Who asks, and how: as the connection tells, or a proxy that is trusted to tell it. */
type Client = {
  readonly address: string
  readonly isSecure: boolean
  /** What the client has called us: scheme, host and port. */
  readonly origin: string
}

/** What every route finds in its context once the door has let the request in. */
export type Env = {
  Variables: {
    client: Client
    user: User
    /** Goes into every form of a page; empty when the request is not signed by a cookie. */
    csrf: string
    /** SHA-256 of the cookie's token, when a cookie signs the request. */
    signIn: Buffer | undefined
    /** The fields of the posted form, once they were read. */
    form: Readonly<Record<string, string>> | undefined
  }
}
