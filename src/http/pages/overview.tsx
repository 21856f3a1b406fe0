import { type Context, Hono } from 'hono'
import { listQueues, listRunningTasks, listWorkers } from '../../db/fleet.ts'
import { listShownDeploys } from '../../db/pages/deploys.ts'
import {
  countWorkflows,
  listIncidents,
  listNextRuns,
  listProjectRows,
  listRunningAttempts,
} from '../../db/pages/overview.ts'
import { OverviewPage, type OverviewProps, overviewParts } from '../../ui/overview-page.tsx'
import { ProjectsPage } from '../../ui/projects-page.tsx'
import { WorkersPage, type WorkersPageProps, workersParts } from '../../ui/workers-page.tsx'
import type { Env } from '../env.ts'
import { followPage } from '../events.ts'
import { writePage } from '../page.ts'
import { addressOfServer, type PagePorts, readView, viewWithoutRail } from '../view.ts'

const PROJECTS_A_PAGE = 100

/** The whole house: what needs a person, what runs, who runs it. */
export function overviewRoutes(ports: PagePorts) {
  return new Hono<Env>()
    .get('/', async (c) => {
      const [view, props] = [await readView(c, ports, '/'), await readOverview(ports, c)]
      return writePage(c, OverviewPage({ view, props }))
    })
    .get('/events/overview', (c) => {
      const look = async () => {
        const props = await readOverview(ports, c)
        const parts = props.hasProjects ? overviewParts({ view: viewWithoutRail(c, ports, '/'), props }) : {}
        return { parts, isOver: false }
      }
      return followPage(c, { ports, topics: () => ['workers'], everyMs: 3000, look })
    })
    .get('/projects', async (c) => {
      const view = await readView(c, ports, '/projects')
      const projects = await listProjectRows(ports.sql, { after: c.req.query('after') ?? '', limit: PROJECTS_A_PAGE })
      const next = projects.length < PROJECTS_A_PAGE ? null : (projects.at(-1)?.name ?? null)
      return writePage(c, ProjectsPage({ view, projects, next, address: addressOfServer(c, ports) }))
    })
    .get('/workers', async (c) => {
      const [view, props] = [await readView(c, ports, '/workers'), await readWorkers(ports)]
      return writePage(c, WorkersPage({ view, props }))
    })
    .get('/events/workers', (c) => {
      const look = async () => {
        const parts = workersParts({ view: viewWithoutRail(c, ports, '/workers'), props: await readWorkers(ports) })
        return { parts, isOver: false }
      }
      return followPage(c, { ports, topics: () => ['workers'], everyMs: 3000, look })
    })
}

async function readOverview(ports: PagePorts, c: Context): Promise<OverviewProps> {
  const { sql, now } = ports
  const [incidents, running, next, workflows, workers, deploys, projects] = await Promise.all([
    listIncidents(sql),
    listRunningAttempts(sql),
    listNextRuns(sql),
    countWorkflows(sql),
    listWorkers(sql, now()),
    listShownDeploys(sql, { projectId: null, before: null, limit: 5 }),
    listProjectRows(sql, { after: '', limit: 1 }),
  ])
  const hasProjects = projects.length > 0
  return { hasProjects, incidents, running, next, workflows, workers, deploys, address: addressOfServer(c, ports) }
}

async function readWorkers({ sql, now }: PagePorts): Promise<WorkersPageProps> {
  const [workers, tasks, queues] = await Promise.all([
    listWorkers(sql, now()),
    listRunningTasks(sql),
    listQueues(sql, now()),
  ])
  return { workers, tasks, queues }
}
