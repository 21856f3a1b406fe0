import { type Context, Hono } from 'hono'
import { findWorkflow, listCurrentWorkflows, type WorkflowRow } from '../../db/api/workflows.ts'
import type { Sql } from '../../db/sql.ts'
import { Refusal } from '../../refusal.ts'
import { firstDue, nextDue, readSchedule } from '../../workflow/schedule.ts'
import type { Env } from '../env.ts'
import { answerWorkflow } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import { ID, missing, nothingHere, readCount, readFlag, readId } from './query.ts'
import { sayJson } from './say-json.ts'
import { readTime, truncate, zoned } from './times.ts'

/** Routes under `/api/workflows`. */
export function workflowRoutes({ sql }: Pick<ApiPorts, 'sql'>) {
  return new Hono<Env>()
    .get('/', async (c) =>
      sayJson(c, { workflows: (await listCurrentWorkflows(sql, readPage(c))).map(answerWorkflow) }),
    )
    .get(`/:id${ID}`, async (c) => sayJson(c, answerWorkflow(await getWorkflow(sql, c.req.param('id')))))
    .get(`/:id${ID}/truncated_session_time`, async (c) => {
      const workflow = await getWorkflow(sql, c.req.param('id'))
      const at = readSessionTime(c, workflow.timezone)
      return sayJson(c, {
        project: { id: workflow.projectId, name: workflow.projectName },
        revision: workflow.revision,
        sessionTime: zoned(truncateFor(workflow, at, c.req.query('mode')), workflow.timezone),
        timezone: workflow.timezone,
      })
    })
}

export async function getWorkflow(sql: Sql, id: string): Promise<WorkflowRow> {
  const workflow = await findWorkflow(sql, id)
  if (workflow === undefined) throw missing(`workflow id=${id}`, 'sluice workflows')
  return workflow
}

function readPage(c: Context) {
  const order = c.req.query('order') ?? 'asc'
  if (order !== 'asc' && order !== 'desc') throw nothingHere()
  return {
    lastId: readId(c, 'last_id'),
    count: readCount(c, 'count', 1000),
    order,
    pattern: c.req.query('name_pattern'),
    isProjectSearched: readFlag(c, 'search_project_name'),
  } as const
}

function readSessionTime(c: Context, zone: string): Date {
  const text = c.req.query('session_time')
  if (text !== undefined) return readTime(text, zone)
  throw new Refusal('invalid', 'session_time= is required', 'Add ?session_time=2026-03-28T00:00:00.')
}

function truncateFor({ config, timezone }: WorkflowRow, at: Date, mode: string | undefined): Date {
  if (mode === undefined) return at
  if (mode === 'hour' || mode === 'day') return truncate(at, mode, timezone)
  if (mode !== 'schedule' && mode !== 'next_schedule') throw nothingHere()
  const schedule = readSchedule(config.schedule ?? null, timezone)
  const due = schedule === null ? null : mode === 'schedule' ? firstDue(schedule, at) : nextDue(schedule, at)
  if (due !== null) return due.sessionTime
  throw new Refusal(
    'invalid',
    `session_time_truncate=${mode} is set but schedule is not set to this workflow`,
    'Use hour or day, or add a schedule: to the workflow.',
  )
}
