import { createHmac } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Passwords } from '../app/check-password.ts'
import { checkToken } from '../app/check-token.ts'
import { TOKEN_PREFIX } from '../app/create-token.ts'
import { hashSecretToken } from '../app/secret-token.ts'
import { findSignedInUser } from '../db/sign-ins.ts'
import type { Database } from '../db/sql.ts'
import { Refusal } from '../refusal.ts'
import { type Door, doorOf, isPublic } from './doors.ts'
import type { Env, User } from './env.ts'

export type AuthPorts = {
  readonly sql: Database
  readonly passwords: Pick<Passwords, 'check'>
  readonly now: () => Date
  /** Paths that an operator has opened to everybody, beyond those of `doors.ts`. */
  readonly opened?: readonly string[]
}

/** Lets in whom it knows and nobody else: cookies open pages and the API, passwords and tokens open the API and git. */
export function requireUser(ports: AuthPorts): MiddlewareHandler<Env> {
  const opened = ports.opened ?? []
  return async (c, next) => {
    if (isPublic(c.req.path) || opened.includes(c.req.path)) return next()
    const user = await identify(ports, c)
    if (user === undefined && doorOf(c.req.path) === 'page' && ['GET', 'HEAD'].includes(c.req.method))
      return c.redirect(`/sign-in?next=${encodeURIComponent(pathOf(c))}`)
    if (user === undefined)
      throw new Refusal('unauthorized', 'Nobody is signed in', 'Sign in with your name and password, or with a token.')
    c.set('user', user)
    return next()
  }
}

const BY_HEADER: readonly Door[] = ['api', 'flower', 'git']

async function identify(ports: AuthPorts, c: Context<Env>): Promise<User | undefined> {
  const door = doorOf(c.req.path)
  const header = c.req.header('authorization')
  if (header !== undefined && BY_HEADER.includes(door)) return identifyByHeader(ports, c, header)
  return door === 'git' ? undefined : identifyByCookie(ports, c)
}

async function identifyByCookie({ sql, now }: AuthPorts, c: Context<Env>): Promise<User | undefined> {
  const token = getCookie(c, cookieName(c.get('client').isSecure))
  if (token === undefined) return undefined
  const signIn = hashSecretToken(token)
  c.set('signIn', signIn)
  c.set('csrf', csrfOf(token))
  return findSignedInUser(sql, signIn, now())
}

async function identifyByHeader({ sql, passwords, now }: AuthPorts, c: Context<Env>, header: string) {
  const given = readCredentials(header)
  if (given === undefined) return undefined
  if (given.secret.startsWith(TOKEN_PREFIX)) return checkToken({ sql }, given.secret, now())
  if (given.name === undefined) return undefined
  const check = await passwords.check(
    sql,
    { name: given.name, address: c.get('client').address, password: given.secret },
    now(),
  )
  if (check.kind === 'paused')
    throw new Refusal('too_many', 'Too many wrong passwords', 'Wait 15 minutes, or use a token.')
  return check.kind === 'passed' ? { id: check.user.id, name: check.user.name } : undefined
}

/** `Basic` (name and password, or any name and a token) or `Bearer` (a token). An empty secret is no secret. */
function readCredentials(header: string): { name: string | undefined; secret: string } | undefined {
  const [, scheme, rest] = /^(basic|bearer) +(\S+)$/i.exec(header) ?? []
  if (scheme === undefined || rest === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return { name: undefined, secret: rest }
  const [, name, secret] = /^([^:]*):(.+)$/s.exec(Buffer.from(rest, 'base64').toString('utf8')) ?? []
  return name === undefined || secret === undefined ? undefined : { name, secret }
}

/** `__Host-` ties the cookie to this very host and to https; over plain http browsers refuse that name. */
export const cookieName = (secure: boolean): string => (secure ? '__Host-sluice' : 'sluice')

/** Follows from the cookie, which scripts and other sites cannot read, so nothing of it needs to be stored. */
const csrfOf = (token: string) => createHmac('sha256', token).update('csrf').digest('base64url')

const pathOf = (c: Context) => c.req.url.slice(new URL(c.req.url).origin.length)
