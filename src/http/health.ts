import { Hono } from 'hono'
import type { Env } from './env.ts'

const LIMIT_MS = 2_000

/** What work needs: a name, and a look. One that takes longer than two seconds has not found it. */
export type Needs = Readonly<Record<string, () => Promise<boolean>>>

/** `/healthz`: the process answers. `/readyz`: it could work, or what is missing for that. Both are public and tell nothing else. */
export function healthRoutes(needs: Needs): Hono<Env> {
  return new Hono<Env>()
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const names = Object.keys(needs)
      const looks = await Promise.all(Object.values(needs).map((isThere) => atMost(LIMIT_MS, isThere())))
      const missing = names.filter((_name, index) => looks[index] !== true)
      return missing.length === 0 ? c.json({ status: 'ready' }) : c.json({ status: 'not ready', missing }, 503)
    })
}

async function atMost(ms: number, look: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  return Promise.race([look.catch(() => false), limit]).finally(() => clearTimeout(timer))
}
