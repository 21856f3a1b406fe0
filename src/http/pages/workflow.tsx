import { type Context, Hono } from 'hono'
import { enableSchedule } from '../../app/enable-schedule.ts'
import type { ScheduleId } from '../../brand.ts'
import { disableSchedule, listSchedules } from '../../db/api/schedules.ts'
import { listShownWorkflows } from '../../db/pages/project.ts'
import { listShownSessions, listShownSkips } from '../../db/pages/workflow.ts'
import { Refusal } from '../../refusal.ts'
import { workflowPath } from '../../ui/shell.tsx'
import { WorkflowPage, type WorkflowPageProps, workflowParts } from '../../ui/workflow-page.tsx'
import { nextDues, readSchedule } from '../../workflow/schedule.ts'
import type { Env } from '../env.ts'
import { followPage } from '../events.ts'
import { writePage } from '../page.ts'
import { readForm } from '../security.ts'
import { type PagePorts, readView, viewWithoutRail } from '../view.ts'
import { getProject } from './project.tsx'
import { openGraphs } from './workflow-graphs.ts'

const SESSIONS_A_PAGE = 30
const NEXT_RUNS = 5
const SKIPS_A_PAGE = 5

export function workflowRoutes(ports: PagePorts) {
  const getGraph = openGraphs(ports.sql)
  return new Hono<Env>()
    .get('/projects/:name/workflows/:workflow', async (c) => {
      const props = await readWorkflow(ports, c)
      const graph = await getGraph(props.workflow.id)
      const view = await readView(c, ports, workflowPath(props.project, props.workflow.name))
      return writePage(c, WorkflowPage({ view, props, graph }))
    })
    .post('/projects/:name/workflows/:workflow/schedule', async (c) => {
      const { switch: to } = await readForm(c)
      await switchSchedule(ports, c, to === 'on' || to === 'make-up' ? to : 'off')
      return c.redirect(workflowPath(c.req.param('name'), c.req.param('workflow')), 303)
    })
    .get('/events/projects/:name/workflows/:workflow', (c) => {
      const look = async () => {
        const props = await readWorkflow(ports, c)
        const view = viewWithoutRail(c, ports, workflowPath(props.project, props.workflow.name))
        return { parts: workflowParts({ view, props }), isOver: false }
      }
      return followPage(c, { ports, topics: () => [], everyMs: 3000, look })
    })
}

async function readWorkflow({ sql, now }: PagePorts, c: Context): Promise<WorkflowPageProps> {
  const project = await getProject({ sql }, c.req.param('name') ?? '')
  const name = c.req.param('workflow') ?? ''
  const [workflow] = await listShownWorkflows(sql, project.id, name, now())
  if (workflow === undefined || project.revision === null)
    throw new Refusal('not_found', `${project.name} has no workflow ${name}`, 'Its page lists those that are live.')
  const schedule = workflow.rawSchedule === null ? null : readSchedule(workflow.rawSchedule, workflow.timezone)
  const before = readMoment(c.req.query('before'))
  const sessions = await listShownSessions(sql, {
    projectId: project.id,
    workflow: name,
    before,
    limit: SESSIONS_A_PAGE,
  })
  const last = sessions.at(-1)
  const { isPaused, heldScheduleId, elsewhere } = workflow
  const isStill = schedule === null || isPaused || heldScheduleId !== null || elsewhere !== null
  return {
    project: project.name,
    workflow,
    revision: project.revision.number,
    next: isStill ? [] : nextDues(schedule, now(), NEXT_RUNS),
    skips: await listShownSkips(sql, { projectId: project.id, workflow: name, limit: SKIPS_A_PAGE }),
    sessions,
    older: last === undefined || sessions.length < SESSIONS_A_PAGE ? null : last.sessionTime.toISOString(),
  }
}

/** On goes on from now: what came due meanwhile is left out, or made up when a person wants it. */
async function switchSchedule({ sql, now }: PagePorts, c: Context, to: 'on' | 'make-up' | 'off'): Promise<void> {
  const project = await getProject({ sql }, c.req.param('name') ?? '')
  const name = c.req.param('workflow') ?? ''
  const [row] = await listSchedules(sql, { projectId: project.id, workflow: name, lastId: '0' })
  const done = row !== undefined && (await switchTo(sql, row.id, to, now()))
  if (!done)
    throw new Refusal('not_found', `${name} of ${project.name} has no schedule`, 'Add schedule: to its file, and push.')
}

const switchTo = (sql: PagePorts['sql'], id: ScheduleId, to: 'on' | 'make-up' | 'off', now: Date) =>
  to === 'off'
    ? disableSchedule(sql, id, now)
    : enableSchedule(sql, id, to === 'on' ? { kind: 'leave out', before: now } : { kind: 'make up' }, now)

function readMoment(word: string | undefined): Date | null {
  const moment = new Date(word ?? '')
  return Number.isNaN(moment.getTime()) ? null : moment
}
