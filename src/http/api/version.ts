import { Hono } from 'hono'
import { Refusal } from '../../refusal.ts'
import type { Env } from '../env.ts'
import type { ApiPorts } from './ports.ts'

/** Routes under `/api/version`. Digdag's client asks `check` before every command. */
export function versionRoutes({ version }: Pick<ApiPorts, 'version'>) {
  return new Hono<Env>()
    .get('/', (c) => c.json({ version }))
    .get('/check', (c) => {
      if (c.req.query('client') === undefined)
        throw new Refusal('invalid', 'client= is required', 'Add ?client= and the version of your client.')
      return c.json({ serverVersion: version, upgradeRecommended: false, apiCompatible: true })
    })
}
