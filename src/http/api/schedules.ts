import { Hono } from 'hono'
import {
  disableSchedule,
  enableSchedule,
  findSchedule,
  listSchedules,
  type ScheduleRow,
} from '../../db/api/schedules.ts'
import { firstDue, readSchedule } from '../../workflow/schedule.ts'
import type { Due } from '../../workflow/workflow.ts'
import type { Env } from '../env.ts'
import { answerSchedule, answerScheduleSummary } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import { ID, missing, readBody, readId } from './query.ts'
import { checkFarBack, readTime } from './times.ts'
import { getWorkflow } from './workflows.ts'

/** Routes under `/api/schedules`. Enabled and disabled twice is as good as once. */
export function scheduleRoutes({ sql, now, quietEnvironment }: Pick<ApiPorts, 'sql' | 'now' | 'quietEnvironment'>) {
  const get = async (id: string) => {
    const schedule = await findSchedule(sql, id)
    if (schedule === undefined) throw missing(`schedule id=${id}`, 'sluice schedules')
    return schedule
  }
  return new Hono<Env>()
    .get('/', async (c) => {
      const rows = await listSchedules(sql, { lastId: readId(c, 'last_id') ?? '0' })
      return c.json({ schedules: rows.map(answerSchedule), quietEnvironment })
    })
    .get(`/:id${ID}`, async (c) => c.json(answerSchedule(await get(c.req.param('id')))))
    .post(`/:id${ID}/disable`, async (c) => {
      const { id } = await get(c.req.param('id'))
      await disableSchedule(sql, id, now())
      return c.json(answerScheduleSummary(await get(id)))
    })
    .post(`/:id${ID}/enable`, async (c) => {
      const schedule = await get(c.req.param('id'))
      await enableSchedule(sql, schedule.id, await dueAfterSkip(schedule, await readBody(c)), now())
      return c.json(answerScheduleSummary(await get(schedule.id)))
    })

  /** Null: what was missed is made up. */
  async function dueAfterSkip(schedule: ScheduleRow, body: Readonly<Record<string, unknown>>): Promise<Due | null> {
    if (body.skipSchedule !== true) return null
    const { config, timezone } = await getWorkflow(sql, schedule.workflowId)
    const written = readSchedule(config.schedule ?? null, timezone)
    const from =
      typeof body.nextTime === 'string' ? checkFarBack('nextTime', readTime(body.nextTime, timezone), now()) : now()
    return written === null ? null : firstDue(written, from)
  }
}
