import { Hono } from 'hono'
import type { TaskId } from '../../brand.ts'
import { Refusal } from '../../refusal.ts'
import type { Env } from '../env.ts'
import type { ApiPorts, Decision } from './ports.ts'
import { ID, readBody } from './query.ts'

const DECISIONS: readonly unknown[] = ['success', 'error', 'retry'] satisfies Decision[]

/** Routes under `/api/tasks`. */
export function taskRoutes({ verbs, now }: Pick<ApiPorts, 'verbs' | 'now'>) {
  return new Hono<Env>().post(`/:id${ID}/decide`, async (c) => {
    const { as } = await readBody(c)
    if (!isDecision(as))
      throw new Refusal('invalid', 'as is missing, or no decision', 'Send {"as": "success"}, "error" or "retry".')
    await verbs.decideUnknown(c.req.param('id') as TaskId, as, c.get('user').name, now()) // digits, by the route
    return c.json({ id: c.req.param('id'), as })
  })
}

const isDecision = (word: unknown): word is Decision => DECISIONS.includes(word)
