import { Hono } from 'hono'
import type { Env } from './env.ts'

/** What work needs: a name, and a look that never takes long. */
export type Needs = Readonly<Record<string, () => Promise<boolean>>>

/** `/healthz`: the process answers. `/readyz`: it could work, or what is missing for that. Both are public and tell nothing else. */
export function healthRoutes(needs: Needs): Hono<Env> {
  return new Hono<Env>()
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const names = Object.keys(needs)
      const looks = await Promise.all(Object.values(needs).map((isThere) => isThere().catch(() => false)))
      const missing = names.filter((_name, index) => looks[index] !== true)
      return missing.length === 0 ? c.json({ status: 'ready' }) : c.json({ status: 'not ready', missing }, 503)
    })
}
