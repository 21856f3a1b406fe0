import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import type { Env } from '../env.ts'
import { readForm } from '../security.ts'
import { ownPath } from './sign-in.tsx'

const YEAR_SECONDS = 365 * 24 * 3600

/** Dark, light, or as the system has it. */
export function themeRoutes() {
  return new Hono<Env>().post('/theme', async (c) => {
    const { theme = 'system', back } = await readForm(c)
    if (['system', 'light', 'dark'].includes(theme))
      setCookie(c, 'theme', theme, {
        path: '/',
        maxAge: YEAR_SECONDS,
        sameSite: 'Lax',
        secure: c.get('client').isSecure,
      })
    return c.redirect(ownPath(back), 303)
  })
}
