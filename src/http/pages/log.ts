import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import type { LogId } from '../../brand.ts'
import { findLogExtent } from '../../db/pages/log.ts'
import type { Database } from '../../db/sql.ts'
import { Refusal } from '../../refusal.ts'
import type { Env } from '../env.ts'
import { readRaw } from '../read-log.tsx'

/** A whole log, byte for byte, as text that no browser takes for anything else. */
export function logRoutes({ sql }: { sql: Database }) {
  return new Hono<Env>().get('/logs/:id{\\d{1,18}}', async (c) => {
    const id = c.req.param('id') as LogId // the route checked that it is a number
    if ((await findLogExtent(sql, id)) === undefined)
      throw new Refusal(
        'not_found',
        `There is no log ${id}`,
        'It may be past its time: logs are kept for a while only.',
      )
    c.header('Content-Type', 'text/plain; charset=utf-8')
    c.header('Content-Disposition', `inline; filename="sluice-log-${id}.txt"`)
    return stream(c, async (out) => {
      for await (const bytes of readRaw(sql, id)) await out.write(bytes)
    })
  })
}
