import type { Commit } from '../brand.ts'
import type { DeliveryKind } from '../db/deliveries.ts'
import { type Deploy, hasLaterWebhook, moveDeployIfHeld, startDeployIfFirst } from '../db/deploys.ts'
import type { Project } from '../db/projects.ts'
import { findCurrentRevision } from '../db/revisions.ts'
import { refusalLines, short, step } from './deploy-lines.ts'
import type { DeployPorts, Stop } from './deploy-ports.ts'
import { LostDeploy } from './hold-deploy.ts'
import type { Telling } from './tell-deploy.ts'
import { waitFor } from './wait-for.ts'

export type Work = {
  readonly ports: DeployPorts
  readonly deploy: Deploy
  readonly project: Project
  readonly kind: DeliveryKind
  readonly pushedBy: string
  readonly tell: Telling['tell']
}

/** Waits for the deploy's turn, and says which commit it is about. */
export async function beginDeploy(work: Work): Promise<Commit | Stop> {
  const { deploy, kind } = work
  if (deploy.state === 'waiting') await takeTurn(work)
  if (kind === 'webhook' && deploy.newCommit === null) return fetchCommit(work)
  const commit = deploy.newCommit as Commit // a push and an upload always have one
  if (deploy.state === 'waiting') return (await findMove(work)) ?? commit
  return commit
}

async function takeTurn({ ports, deploy, kind, tell }: Work) {
  const to = kind === 'webhook' ? 'fetching' : 'checking'
  const look = async () => ((await startDeployIfFirst(ports.sql, deploy, to)) ? true : undefined)
  if (await look()) return
  tell(step(`Waiting: an earlier deploy of ${deploy.branch} is still going on`))
  await waitFor(ports.hints, [`project:${deploy.projectId}`], 2000, look)
}

/** The push was made against a branch that may have moved while it waited; git would refuse to move it then, after it had gone live. */
async function findMove({ ports, deploy, tell }: Work): Promise<Stop | undefined> {
  const branches = await ports.repositories.branches(deploy.projectId)
  const at = branches.get(deploy.branch) ?? null
  const way = branches.has(deploy.branch) ? undefined : [...branches.keys()].find((name) => isIn(name, deploy.branch))
  if (at === deploy.oldCommit && way === undefined) return undefined
  const [problem, hint] = explainMove(deploy, at, way)
  for (const line of refusalLines(problem, hint)) tell(line)
  return { stop: 'declined', problem }
}

function explainMove({ branch, newCommit }: Deploy, at: string | null, way: string | undefined): [string, string] {
  if (way !== undefined) return [`git cannot have ${branch} beside ${way}`, `Delete ${way} first, or push another name`]
  if (at !== null && at === newCommit)
    return [
      `${short(at)} is live already: an earlier push of it went through`,
      'There is nothing to do: git fetch shows it',
    ]
  const place = at === null ? 'is gone' : `moved to ${short(at)}`
  return [`${branch} ${place} since this push began`, 'Fetch, merge, and push again']
}

/** Branches are paths: `a` and `a/b` exclude each other. */
const isIn = (name: string, branch: string) => name.startsWith(`${branch}/`) || branch.startsWith(`${name}/`)

/** The remote's ref decides, not what the webhook said. */
async function fetchCommit({ ports, deploy, project, tell }: Work): Promise<Commit | Stop> {
  if (await hasLaterWebhook(ports.sql, deploy))
    return { stop: 'replaced', problem: 'A later webhook deploys what the remote has by now' }
  tell(step(`Fetching ${deploy.branch}`))
  const fetched = await ports.fetchLinked(project, deploy.branch)
  if (fetched.kind === 'refused') {
    for (const line of refusalLines(fetched.message, fetched.hint)) tell(line)
    return { stop: 'failed', problem: fetched.message }
  }
  const live = await findCurrentRevision(ports.sql, project.id)
  if (live?.commit === fetched.commit)
    return { stop: 'replaced', problem: `${short(fetched.commit)} is live already as v${live.number}` }
  const branches = await ports.repositories.branches(project.id)
  const set = { oldCommit: branches.get(deploy.branch) ?? null, newCommit: fetched.commit }
  if (!(await moveDeployIfHeld(ports.sql, deploy, 'checking', set))) throw new LostDeploy()
  return fetched.commit
}
