import { type Context, Hono } from 'hono'
import { refusalLines } from '../app/deploy-lines.ts'
import type { DeployPorts } from '../app/deploy-ports.ts'
import { isProjectName, refuseProjectName, suggestProjectName } from '../app/project-name.ts'
import { receivePush } from '../app/receive-push.ts'
import { createProject, findProject, type Project } from '../db/projects.ts'
import type { HookDoor } from '../git/hook-door.ts'
import { EMPTY, type Repositories } from '../git/repositories.ts'
import { type GitRequest, type GitService, serveGit } from '../git/serve-git.ts'
import type { Env } from './env.ts'

export type GitPorts = {
  readonly deploy: DeployPorts
  readonly repositories: Repositories
  readonly hookDoor: HookDoor
  readonly maxPackBytes: number
}

const SERVICES: readonly string[] = ['git-upload-pack', 'git-receive-pack'] satisfies GitService[]
const isService = (text: string | undefined): text is GitService => text !== undefined && SERVICES.includes(text)

/** git's smart HTTP protocol under `/git/<project>.git`, for signed-in users. Refusals are plain text: git prints them. */
export function gitRoutes(ports: GitPorts) {
  return new Hono<Env>()
    .get('/git/:name/info/refs', async (c) => {
      const service = c.req.query('service')
      if (!isService(service)) return refuse(c, 404, 'The dumb protocol is not spoken here', 'Use git 1.6.6 or newer')
      return answer(ports, c, { kind: 'advertise', service })
    })
    .post('/git/:name/:service{git-(?:upload|receive)-pack}', async (c) => {
      const service = c.req.param('service')
      if (!isService(service)) return c.text('Not found\n', 404) // the path allows no other; types do not know it
      const type = `application/x-${service}-request`
      if (c.req.header('content-type') !== type) return refuse(c, 415, `This is not a request of ${service}`, 'Use git')
      return answer(ports, c, { kind: 'serve', service })
    })
}

async function answer(ports: GitPorts, c: Context<Env>, step: GitRequest['step']): Promise<Response> {
  const [, name] = /^(.*)\.git$/.exec(c.req.param('name') ?? '') ?? []
  if (name === undefined) return refuse(c, 404, 'The address of a repository ends in .git', 'Add it')
  if (!isProjectName(name)) throw refuseProjectName(name, betterRemote(c, name))
  const project = await findProject(ports.deploy.sql, name)
  if (project === undefined) return answerNew(ports, c, step, name)
  await ports.repositories.create(project.id, project.branch) // made by another door, or on another host
  const isPush = step.kind === 'serve' && step.service === 'git-receive-pack' && !isProbe(c)
  return isPush ? servePush(ports, c, step, project) : serve(ports, c, step, ports.repositories.folderName(project.id))
}

/** A project is made by the push that brings something, not by the questions before it. */
async function answerNew(ports: GitPorts, c: Context<Env>, step: GitRequest['step'], name: string): Promise<Response> {
  if (step.service === 'git-upload-pack') return refuseUnknown(c, name)
  if (step.kind === 'advertise' || isProbe(c)) {
    await ports.repositories.createEmpty()
    return serve(ports, c, step, EMPTY)
  }
  const project = await createProject(ports.deploy.sql, name, ports.deploy.now())
  await ports.repositories.create(project.id, project.branch)
  return servePush(ports, c, step, project)
}

/** Before a large push git asks with an empty request whether it may. */
const isProbe = (c: Context) => c.req.header('content-length') === '4'

async function servePush(ports: GitPorts, c: Context<Env>, step: GitRequest['step'], project: Project) {
  const push = await ports.hookDoor.open((change, tell) => received.answer(change, tell))
  const pushedBy = c.get('user').name
  const received = receivePush(ports.deploy, { projectId: project.id, pushedBy, handed: push.handed })
  const end = async () => {
    await received.settle()
    await push.close()
    await ports.repositories.tidy(project.id)
  }
  const request = gitRequest(ports, c, step, ports.repositories.folderName(project.id), push)
  const { response, ended } = await serveGit(request).catch(async (error) => {
    await push.close()
    throw error
  })
  ended.then(end).catch(ports.deploy.onBug) // on its own: the client may have gone long ago
  return response
}

async function serve(ports: GitPorts, c: Context<Env>, step: GitRequest['step'], repository: string) {
  const { response, ended } = await serveGit(gitRequest(ports, c, step, repository, { environment: {} }))
  ended.catch(ports.deploy.onBug)
  return response
}

function gitRequest(
  { repositories, maxPackBytes }: GitPorts,
  c: Context<Env>,
  step: GitRequest['step'],
  repository: string,
  { environment }: { environment: Readonly<Record<string, string>> },
): GitRequest {
  return {
    folder: repositories.folder,
    repository,
    step,
    user: c.get('user').name,
    body: c.req.raw.body,
    headers: {
      contentType: c.req.header('content-type'),
      contentLength: c.req.header('content-length'),
      contentEncoding: c.req.header('content-encoding'),
      gitProtocol: c.req.header('git-protocol'),
    },
    environment,
    maxPackBytes,
    packTooLarge: refusePack(maxPackBytes),
  }
}

const refusePack = (maxPackBytes: number) =>
  refusalLines(
    `This push brings more than ${Math.floor(maxPackBytes / 2 ** 20)} MiB, the limit for one push, and was stopped; no branch moved`,
    'Take large files out of the history, or push a part of it to another branch first: only one branch deploys. The operator may raise SLUICE_MAX_SOURCE',
  )
    .map((line) => `${line}\n`)
    .join('')

const refuseUnknown = (c: Context, name: string) =>
  refuse(c, 404, `There is no project ${name} yet`, 'The first git push to this address creates it')

const betterRemote = (c: Context<Env>, name: string) =>
  `Try another, for example: git remote set-url sluice ${c.get('client').origin}/git/${suggestProjectName(name)}.git`

const refuse = (c: Context, status: 404 | 415, message: string, hint: string) =>
  c.text(`${message}.\n${hint}\n`, status)
