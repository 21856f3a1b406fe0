import { Hono } from 'hono'
import { listAttempts } from '../../db/api/attempts.ts'
import { findSession, listSessions } from '../../db/api/sessions.ts'
import type { Env } from '../env.ts'
import { answerAttempt, answerSession } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import { ID, missing, readCount, readId } from './query.ts'
import { sayJson } from './say-json.ts'

/** Routes under `/api/sessions`. */
export function sessionRoutes({ sql }: Pick<ApiPorts, 'sql'>) {
  const get = async (id: string) => {
    const session = await findSession(sql, id)
    if (session === undefined) throw missing(`session id=${id}`, 'sluice attempts')
    return session
  }
  return new Hono<Env>()
    .get('/', async (c) => {
      const rows = await listSessions(sql, { lastId: readId(c, 'last_id'), count: readCount(c, 'page_size', 100) })
      return sayJson(c, { sessions: rows.map(answerSession) })
    })
    .get(`/:id${ID}`, async (c) => sayJson(c, answerSession(await get(c.req.param('id')))))
    .get(`/:id${ID}/attempts`, async (c) => {
      const { id: sessionId } = await get(c.req.param('id'))
      const page = { lastId: readId(c, 'last_id'), count: readCount(c, 'page_size', 100), isRetriedIncluded: true }
      return sayJson(c, { attempts: (await listAttempts(sql, { ...page, sessionId })).map(answerAttempt) })
    })
}
