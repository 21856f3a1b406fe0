import { type Context, Hono } from 'hono'
import { listProjects } from '../../db/api/projects.ts'
import { listRevisions } from '../../db/api/revisions.ts'
import { listSchedules } from '../../db/api/schedules.ts'
import { listSessions } from '../../db/api/sessions.ts'
import { findWorkflowsOfRevision } from '../../db/api/workflows.ts'
import type { Sql } from '../../db/sql.ts'
import { Refusal } from '../../refusal.ts'
import type { Env } from '../env.ts'
import { answerProject, answerRevision, answerSchedule, answerSession, answerWorkflow } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import { getProject, missing, readCount, readId } from './query.ts'
import { sayJson } from './say-json.ts'

/** Routes under `/api/projects`. Where Digdag wants an id, a name does as well. */
export function projectRoutes({ sql, quietEnvironment }: Pick<ApiPorts, 'sql' | 'quietEnvironment'>) {
  return new Hono<Env>()
    .get('/', async (c) => sayJson(c, { projects: (await listProjects(sql, readPage(c))).map(answerProject) }))
    .get('/:project', async (c) => sayJson(c, answerProject(await getProject(sql, c.req.param('project')))))
    .get('/:project/revisions', async (c) => {
      const { id } = await getProject(sql, c.req.param('project'))
      const rows = await listRevisions(sql, id, { name: c.req.query('name'), lastId: readId(c, 'last_id') })
      return sayJson(c, { revisions: rows.map(answerRevision) })
    })
    .get('/:project/workflows', async (c) => sayJson(c, { workflows: await workflowsOf(sql, readWanted(c)) }))
    .get('/:project/workflow', async (c) => sayJson(c, await workflowOf(sql, readWanted(c))))
    .get('/:project/workflows/:name', async (c) =>
      sayJson(c, await workflowOf(sql, { ...readWanted(c), name: c.req.param('name') })),
    )
    .get('/:project/schedules', async (c) => {
      const { id: projectId } = await getProject(sql, c.req.param('project'))
      const page = { projectId, workflow: c.req.query('workflow'), lastId: readId(c, 'last_id') ?? '0' }
      return sayJson(c, { schedules: (await listSchedules(sql, page)).map(answerSchedule), quietEnvironment })
    })
    .get('/:project/sessions', async (c) => {
      const { id: projectId } = await getProject(sql, c.req.param('project'))
      const page = { projectId, workflow: c.req.query('workflow'), lastId: readId(c, 'last_id') }
      const rows = await listSessions(sql, { ...page, count: readCount(c, 'page_size', 100) })
      return sayJson(c, { sessions: rows.map(answerSession) })
    })
}

/** `/api/project` and `/api/workflow`: what Digdag had before it had lists, and still has. */
export function singleRoutes({ sql }: Pick<ApiPorts, 'sql'>) {
  return new Hono<Env>()
    .get('/project', async (c) => c.json(answerProject(await getProject(sql, readNeeded(c, 'name')))))
    .get('/workflow', async (c) => {
      const [project, name] = [readNeeded(c, 'project'), readNeeded(c, 'name')]
      return c.json(await workflowOf(sql, { project, name, revision: c.req.query('revision') }))
    })
}

function readNeeded(c: Context, name: string): string {
  const text = c.req.query(name)
  if (text !== undefined && text !== '') return text
  throw new Refusal('invalid', `${name}= is required`, `Add ?${name}=.`)
}

function readPage(c: Context) {
  const [name, pattern] = [c.req.query('name'), c.req.query('name_pattern')]
  return {
    lastId: readId(c, 'last_id') ?? '0',
    count: readCount(c, 'count', 1000),
    ...(name === undefined ? {} : { name }),
    ...(pattern === undefined ? {} : { pattern }),
  }
}

type Wanted = {
  /** Its name or id. */
  readonly project: string
  readonly name: string | undefined
  /** Undefined: the current one. */
  readonly revision: string | undefined
}

const readWanted = (c: Context): Wanted => ({
  project: c.req.param('project') ?? '',
  name: c.req.query('name'),
  revision: c.req.query('revision'),
})

async function workflowsOf(sql: Sql, { project: word, revision, name }: Wanted) {
  const project = await getProject(sql, word)
  const rows = await findWorkflowsOfRevision(sql, project.id, { revision, name })
  if (rows !== undefined) return rows.map(answerWorkflow)
  throw missing(`revision name=${revision} in project id=${project.id}`, `sluice revisions ${project.name}`)
}

async function workflowOf(sql: Sql, wanted: Wanted) {
  const [workflow] = await workflowsOf(sql, { ...wanted, name: wanted.name ?? '' })
  if (workflow !== undefined) return workflow
  const project = await getProject(sql, wanted.project)
  const named = { name: wanted.revision ?? project.revision ?? undefined }
  const [revision] = await listRevisions(sql, project.id, named)
  throw missing(
    `workflow name=${wanted.name ?? ''} in revision id=${revision?.id ?? 'none'}`,
    `sluice workflows ${project.name}`,
  )
}
