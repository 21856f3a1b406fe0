import { type Context, Hono } from 'hono'
import type { AttemptPorts } from '../../app/finish-task.ts'
import { startAttempt } from '../../app/start-attempt.ts'
import type { DeployId, WorkflowId } from '../../brand.ts'
import { findShownDeploy, listShownDeploys } from '../../db/pages/deploys.ts'
import { findShownProject, listShownWorkflows } from '../../db/pages/project.ts'
import { Refusal } from '../../refusal.ts'
import { DeployPage, deployParts, LogHead } from '../../ui/deploy-page.tsx'
import { DeploysPage } from '../../ui/deploys-page.tsx'
import { LogFoot } from '../../ui/log.tsx'
import type { NewLink, ProjectPageProps } from '../../ui/project.ts'
import { ProjectPage, projectParts } from '../../ui/project-page.tsx'
import { attemptPath, deployPath, projectPath } from '../../ui/shell.tsx'
import type { Env } from '../env.ts'
import { followPage, type Look } from '../events.ts'
import { writePage } from '../page.ts'
import { LogReader, readLogTail } from '../read-log.tsx'
import { readForm } from '../security.ts'
import { addressOfServer, type PagePorts, readView, viewWithoutRail } from '../view.ts'

/** Binds a repository elsewhere to a project. `secret` empty: one is made. What comes back is shown once. */
export type Link = (
  wish: {
    readonly project: string
    readonly url: string
    readonly branch: string
    readonly secret: string
    readonly who: string
  },
  now: Date,
) => Promise<NewLink>

type Ports = PagePorts & { readonly attempts: AttemptPorts; readonly link: Link }

export function projectRoutes(ports: Ports) {
  const name = (c: Context) => c.req.param('name') ?? ''
  return new Hono<Env>()
    .get('/projects/:name', async (c) => showProject(c, ports, name(c), null))
    .get('/events/projects/:name', (c) => {
      const look = async (): Promise<Look> => {
        const view = viewWithoutRail(c, ports, projectPath(name(c)))
        return { parts: projectParts({ view, props: await readProject(c, ports, name(c), null) }), isOver: false }
      }
      return followPage(c, { ports, topics: () => [], everyMs: 3000, look })
    })
    .post('/projects/:name/link', async (c) => {
      const { url = '', branch = '', secret = '' } = await readForm(c)
      const wish = { project: name(c), url: url.trim(), branch: branch.trim(), secret, who: c.get('user').name }
      return showProject(c, ports, name(c), await ports.link(wish, ports.now()))
    })
    .post('/projects/:name/workflows/:workflow/start', async (c) => {
      const workflowId = await findWorkflowId(ports, name(c), c.req.param('workflow'))
      const now = ports.now()
      const start = {
        workflowId,
        sessionTime: now,
        params: {},
        retryName: '',
        resume: null,
        startedBy: c.get('user').name,
      }
      const { attemptId } = await startAttempt(ports.attempts, start, now)
      return c.redirect(attemptPath(attemptId), 303)
    })
}

async function showProject(c: Context<Env>, ports: Ports, name: string, newLink: NewLink | null): Promise<Response> {
  const props = await readProject(c, ports, name, newLink)
  return writePage(c, ProjectPage({ view: await readView(c, ports, projectPath(name)), props }))
}

async function readProject(c: Context, ports: Ports, name: string, newLink: NewLink | null): Promise<ProjectPageProps> {
  const project = await getProject(ports, name)
  const [workflows, deploys] = await Promise.all([
    listShownWorkflows(ports.sql, project.id, null, ports.now()),
    listShownDeploys(ports.sql, { projectId: project.id, before: null, limit: 6 }),
  ])
  return { project, workflows, deploys, address: addressOfServer(c, ports), newLink }
}

export async function getProject({ sql }: Pick<PagePorts, 'sql'>, name: string) {
  const project = await findShownProject(sql, name)
  if (project === undefined)
    throw new Refusal('not_found', `There is no project ${name}`, 'It is made by its first push, or by sluice link.')
  return project
}

async function findWorkflowId(ports: Ports, projectName: string, name: string): Promise<WorkflowId> {
  const project = await getProject(ports, projectName)
  const [workflow] = await listShownWorkflows(ports.sql, project.id, name, ports.now())
  if (workflow === undefined)
    throw new Refusal('not_found', `${projectName} has no workflow ${name}`, 'Its page lists those that are live.')
  return workflow.id as WorkflowId // as the database gave it
}

const DEPLOYS_A_PAGE = 50

export function deployRoutes(ports: PagePorts) {
  return (
    new Hono<Env>()
      .get('/projects/:name/deploys', async (c) => {
        const project = await getProject(ports, c.req.param('name'))
        const before = readId(c.req.query('before'))
        const deploys = await listShownDeploys(ports.sql, { projectId: project.id, before, limit: DEPLOYS_A_PAGE })
        const older = deploys.length < DEPLOYS_A_PAGE ? null : (deploys.at(-1)?.id ?? null)
        const view = await readView(c, ports, `${projectPath(project.name)}/deploys`)
        return writePage(c, DeploysPage({ view, project, deploys, older }))
      })
      // What a push prints, and people keep: short, and without the project.
      .get('/deploys/:id{\\d{1,18}}', async (c) => {
        const { project, id } = await getDeploy(ports, c)
        return c.redirect(deployPath(project, id))
      })
      .get('/projects/:name/deploys/:id{\\d{1,18}}', async (c) => {
        const deploy = await getDeploy(ports, c)
        if (deploy.project !== c.req.param('name')) return c.redirect(deployPath(deploy.project, deploy.id), 301)
        const log = await readLogTail(ports.sql, deploy.logId)
        const view = await readView(c, ports, deployPath(deploy.project, deploy.id))
        return writePage(c, DeployPage({ view, props: { deploy, log } }))
      })
      .get('/events/deploys/:id{\\d{1,18}}', async (c) => {
        const { id, logId } = await getDeploy(ports, c)
        const reader = new LogReader(c)
        const look = () => lookAtDeploy(c, ports, reader)
        return followPage(c, {
          ports,
          topics: () => [`deploy:${id}`, `log:${logId}`],
          everyMs: 5000,
          look,
        })
      })
  )
}

async function lookAtDeploy(c: Context<Env>, ports: PagePorts, reader: LogReader): Promise<Look> {
  const deploy = await getDeploy(ports, c)
  const view = viewWithoutRail(c, ports, deployPath(deploy.project, deploy.id))
  const shown = { zone: view.zone, title: LogHead(), label: 'Log of this deploy' }
  const { tail, news } = await reader.read(ports.sql, deploy.logId, shown)
  const foot = tail === null ? {} : { 'log-foot': LogFoot({ tail }) }
  return {
    parts: { ...deployParts({ view, props: { deploy, log: tail } }), ...foot },
    log: news,
    isOver: deploy.finishedAt !== null && tail?.isClosed !== false,
  }
}

async function getDeploy({ sql }: PagePorts, c: Context) {
  const id = c.req.param('id') as DeployId // the route checked that it is a number
  const deploy = await findShownDeploy(sql, id)
  if (deploy === undefined)
    throw new Refusal('not_found', `There is no deploy ${id}`, 'The page of its project lists what was deployed.')
  return deploy
}

/** A number that the database takes for an id; anything else is as if it were not given. */
export const readId = (word: string | undefined): string | null =>
  word !== undefined && /^\d{1,18}$/.test(word) ? word : null
