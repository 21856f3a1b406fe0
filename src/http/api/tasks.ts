import { Hono } from 'hono'
import { z } from 'zod'
import { decideUnknown } from '../../app/decide-unknown.ts'
import type { TaskId } from '../../brand.ts'
import { Refusal } from '../../refusal.ts'
import type { Env } from '../env.ts'
import { check } from './check.ts'
import type { ApiPorts } from './ports.ts'
import { ID, readBody } from './query.ts'

const decision = z.object({ as: z.enum(['success', 'error', 'retry']) })

/** Routes under `/api/tasks`. */
export function taskRoutes(ports: ApiPorts) {
  return new Hono<Env>().post(`/:id${ID}/decide`, async (c) => {
    const { as } = check(decision, await readBody(c))
    const taskId = c.req.param('id') as TaskId // digits, by the route
    const outcome = await decideUnknown(ports, { taskId, as, who: c.get('user').name }, ports.now())
    if (outcome === 'decided') return c.json({ id: taskId, as })
    throw new Refusal(
      'conflict',
      `Task ${taskId} is not unknown: nobody needs to decide`,
      'See its state: sluice tasks ATTEMPT',
    )
  })
}
