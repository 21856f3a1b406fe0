import { Hono } from 'hono'
import { enableSchedule, type Missed, noSchedule } from '../../app/enable-schedule.ts'
import { disableSchedule, findSchedule, listSchedules, type ScheduleRow } from '../../db/api/schedules.ts'
import type { Env } from '../env.ts'
import { answerSchedule, answerScheduleSummary } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import { ID, readBody, readId } from './query.ts'
import { checkFarBack, readTime } from './times.ts'

/** Routes under `/api/schedules`. Enabled and disabled twice is as good as once. */
export function scheduleRoutes({ sql, now, quietEnvironment }: Pick<ApiPorts, 'sql' | 'now' | 'quietEnvironment'>) {
  const get = async (id: string) => there(id, await findSchedule(sql, id))
  return new Hono<Env>()
    .get('/', async (c) => {
      const rows = await listSchedules(sql, { lastId: readId(c, 'last_id') ?? '0' })
      return c.json({ schedules: rows.map(answerSchedule), quietEnvironment })
    })
    .get(`/:id${ID}`, async (c) => c.json(answerSchedule(await get(c.req.param('id')))))
    .post(`/:id${ID}/disable`, async (c) => {
      const id = c.req.param('id')
      return c.json(answerScheduleSummary(there(id, await disableSchedule(sql, id, now()))))
    })
    .post(`/:id${ID}/enable`, async (c) => {
      const schedule = await get(c.req.param('id'))
      const missed = readMissed(await readBody(c), schedule, now())
      return c.json(answerScheduleSummary(await enableSchedule(sql, schedule.id, missed, now())))
    })
}

function there(id: string, schedule: ScheduleRow | undefined): ScheduleRow {
  if (schedule === undefined) throw noSchedule(id)
  return schedule
}

function readMissed(body: Readonly<Record<string, unknown>>, { timezone }: ScheduleRow, now: Date): Missed {
  if (body.skipSchedule !== true) return { kind: 'make up' }
  const next = typeof body.nextTime === 'string' ? readTime(body.nextTime, timezone) : now
  return { kind: 'leave out', before: checkFarBack('nextTime', next, now) }
}
