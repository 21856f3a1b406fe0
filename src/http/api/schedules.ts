import { Hono } from 'hono'
import { findSchedule, listSchedules } from '../../db/api/schedules.ts'
import type { Env } from '../env.ts'
import { answerSchedule } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import { ID, missing, readId } from './query.ts'

/** Routes under `/api/schedules`. */
export function scheduleRoutes({ sql }: Pick<ApiPorts, 'sql'>) {
  return new Hono<Env>()
    .get('/', async (c) => {
      const rows = await listSchedules(sql, { lastId: readId(c, 'last_id') ?? '0' })
      return c.json({ schedules: rows.map(answerSchedule) })
    })
    .get(`/:id${ID}`, async (c) => {
      const schedule = await findSchedule(sql, c.req.param('id'))
      if (schedule === undefined) throw missing(`schedule id=${c.req.param('id')}`, 'sluice schedules')
      return c.json(answerSchedule(schedule))
    })
}
