import { type Context, Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import { SIGN_IN_MS, signIn } from '../../app/sign-in.ts'
import { deleteSignIn } from '../../db/sign-ins.ts'
import type { Assets } from '../../ui/document.tsx'
import { SignInPage, type SignInProblem } from '../../ui/sign-in-page.tsx'
import { type AuthPorts, cookieName } from '../auth.ts'
import type { Env } from '../env.ts'
import { themeOf, writePage } from '../page.ts'
import { readForm } from '../security.ts'

/** In and out. */
export function signInRoutes(ports: AuthPorts & { assets: Assets }) {
  return new Hono<Env>()
    .get('/sign-in', (c) => showForm(c, ports.assets, { name: '', next: ownPath(c.req.query('next')), problem: null }))
    .post('/sign-in', async (c) => {
      const { name = '', password = '', next } = await readForm(c)
      const again = (problem: SignInProblem) => showForm(c, ports.assets, { name, next: ownPath(next), problem })
      if (name === '' || password === '') return again({ kind: 'unreadable' })
      const outcome = await signIn(ports, { name, password, address: c.get('client').address }, ports.now())
      if (outcome.kind !== 'signed in') return again(outcome)
      keep(c, outcome.token)
      return c.redirect(ownPath(next), 303)
    })
    .post('/sign-out', async (c) => {
      const signedIn = c.get('signIn')
      if (signedIn !== undefined) await deleteSignIn(ports.sql, signedIn)
      deleteCookie(c, cookieName(c.get('client').isSecure), { path: '/', secure: c.get('client').isSecure })
      return c.redirect('/sign-in', 303)
    })
}

function showForm(c: Context, assets: Assets, props: { name: string; next: string; problem: SignInProblem | null }) {
  const status = { wrong: 401, paused: 429, unreadable: 400, none: 200 } as const
  const page = SignInPage({ ...props, host: new URL(c.req.url).host, frame: { assets, theme: themeOf(c) } })
  return writePage(c, page, status[props.problem?.kind ?? 'none'])
}

function keep(c: Context<Env>, token: string): void {
  setCookie(c, cookieName(c.get('client').isSecure), token, {
    path: '/',
    httpOnly: true,
    secure: c.get('client').isSecure,
    sameSite: 'Lax',
    maxAge: SIGN_IN_MS / 1000,
  })
}

/** Only a path of ours, so that a link to the form cannot lead elsewhere: browsers read `//` and `/\` as another host. */
export function ownPath(path: string | undefined): string {
  return path !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes('\\') ? path : '/'
}
