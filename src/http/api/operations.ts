import { Hono } from 'hono'
import { findDelivery, listDeliveries } from '../../db/api/deliveries.ts'
import { findDeploy, listDeploys } from '../../db/api/deploys.ts'
import { listQueues, listWorkers } from '../../db/fleet.ts'
import type { Env } from '../env.ts'
import { answerDelivery, answerDeploy, answerQueue, answerWorker } from './answers.ts'
import { followLog } from './follow.ts'
import { streamBytes } from './logs.ts'
import type { ApiPorts } from './ports.ts'
import { findProjectIdOf, ID, missing, readCount, readId } from './query.ts'

type Ports = Pick<ApiPorts, 'sql' | 'hints'>

/** Routes under `/api/deploys`. */
export function deployRoutes({ sql, hints }: Ports) {
  const get = async (id: string) => {
    const deploy = await findDeploy(sql, id)
    if (deploy === undefined) throw missing(`deploy id=${id}`, 'GET /api/deploys')
    return deploy
  }
  return new Hono<Env>()
    .get('/', async (c) => {
      const projectId = await findProjectIdOf(sql, c.req.query('project'))
      const rows = await listDeploys(sql, {
        projectId,
        lastId: readId(c, 'last_id'),
        count: readCount(c, 'count', 100),
      })
      return c.json({ deploys: rows.map(answerDeploy) })
    })
    .get(`/:id${ID}`, async (c) => c.json(answerDeploy(await get(c.req.param('id')))))
    .get(`/:id${ID}/log`, async (c) => {
      const { logId } = await get(c.req.param('id'))
      const isFollowing = c.req.query('follow') !== undefined
      return streamBytes(c, followLog({ sql, hints }, logId, { isFollowing, signal: c.req.raw.signal }))
    })
}

/** Routes under `/api/deliveries`. */
export function deliveryRoutes({ sql }: Ports) {
  return new Hono<Env>()
    .get('/', async (c) => {
      const projectId = await findProjectIdOf(sql, c.req.query('project'))
      const page = { projectId, lastId: readId(c, 'last_id'), count: readCount(c, 'count', 100) }
      return c.json({ deliveries: (await listDeliveries(sql, page)).map(answerDelivery) })
    })
    .get(`/:id${ID}`, async (c) => {
      const delivery = await findDelivery(sql, c.req.param('id'))
      if (delivery === undefined) throw missing(`delivery id=${c.req.param('id')}`, 'GET /api/deliveries')
      return c.json(answerDelivery(delivery))
    })
}

/** Routes under `/api/workers`. */
export function workerRoutes({ sql, now }: Pick<ApiPorts, 'sql' | 'now'>) {
  return new Hono<Env>().get('/', async (c) => c.json({ workers: (await listWorkers(sql, now())).map(answerWorker) }))
}

/** Routes under `/api/queues`. */
export function queueRoutes({ sql, now }: Pick<ApiPorts, 'sql' | 'now'>) {
  return new Hono<Env>().get('/', async (c) => c.json({ queues: (await listQueues(sql, now())).map(answerQueue) }))
}
