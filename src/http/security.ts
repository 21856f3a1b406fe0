import { timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { Refusal } from '../refusal.ts'
import { doorOf } from './doors.ts'
import type { Env } from './env.ts'
import { readBytes } from './read-body.ts'

/** Nothing inline, nothing from elsewhere, nothing evaluated. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
}

const TLS_HEADERS = { 'Strict-Transport-Security': 'max-age=31536000' }

export const secureHeaders: MiddlewareHandler<Env> = async (c, next) => {
  const headers = c.get('client').isSecure ? { ...HEADERS, ...TLS_HEADERS } : HEADERS
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  await next()
  const isMadeElsewhere = !c.res.headers.has('X-Frame-Options') // git's answers are: they do not have what was set here
  if (isMadeElsewhere) for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
}

const SAFE = ['GET', 'HEAD', 'OPTIONS']
/** A form of ours is small; what is sent to git, hooks and the API has limits of its own. */
const MAX_FORM_BYTES = 64 * 1024

/** Another site can make a browser send our cookie with a request, but neither our origin nor the form's token. Requests signed by a password or a token are not the browser's doing. */
export const refuseForgedForms: MiddlewareHandler<Env> = async (c, next) => {
  const isForm = c.req.path === '/sign-in' || c.get('signIn') !== undefined
  if (SAFE.includes(c.req.method) || !isForm) return next()
  if (!isSameOrigin(c)) throw forged('it came from another site')
  if (c.req.path !== '/sign-in' && !(await hasToken(c))) throw forged('its token is missing or old')
  return next()
}

const forged = (why: string) =>
  new Refusal('forbidden', `That request was not accepted: ${why}`, 'Reload the page and try again.')

/** Browsers send Sec-Fetch-Site to secure and loopback addresses only, Origin with every post. */
function isSameOrigin(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  const origin = c.req.header('origin')
  if (site !== undefined && site !== 'same-origin') return false
  if (origin === undefined) return site === 'same-origin'
  return URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host
}

async function hasToken(c: Context<Env>): Promise<boolean> {
  const given = c.req.header('x-csrf-token') ?? (await formToken(c))
  const [ours, theirs] = [Buffer.from(c.get('csrf')), Buffer.from(given ?? '')]
  return ours.length === theirs.length && timingSafeEqual(ours, theirs)
}

async function formToken(c: Context<Env>): Promise<string | undefined> {
  if (doorOf(c.req.path) !== 'page' || !c.req.header('content-type')?.startsWith(FORM)) return undefined
  const { csrf } = await readForm(c)
  return csrf
}

const FORM = 'application/x-www-form-urlencoded'

/** The fields of a form, each once; the first of a name counts. Files are never read. */
export async function readForm(c: Context<Env>): Promise<Readonly<Record<string, string>>> {
  const known = c.get('form')
  if (known !== undefined) return known
  if (!c.req.header('content-type')?.startsWith(FORM))
    throw new Refusal('invalid', 'That is not a form', `Send it as ${FORM}.`)
  const fields = new URLSearchParams(await readShortBody(c))
  const form = Object.fromEntries([...fields].reverse())
  c.set('form', form)
  return form
}

async function readShortBody(c: Context): Promise<string> {
  const body = await readBytes(c.req.raw, MAX_FORM_BYTES)
  if (body === undefined) throw new Refusal('too_large', 'That form is too large', 'Send less than 64 KiB.')
  return Buffer.from(body).toString('utf8')
}
