import type { Commit } from '../brand.ts'
import { type DeliveryKind, getUpload } from '../db/deliveries.ts'
import { type Deploy, hasLaterWebhook, moveDeployIfHeld, startDeployIfFirst } from '../db/deploys.ts'
import type { Project } from '../db/projects.ts'
import { findCurrentRevision } from '../db/revisions.ts'
import { readSource, sourceBytes } from '../db/sources.ts'
import { Refusal } from '../refusal.ts'
import { unpackedAtMost } from '../workflow/project-size.ts'
import { short, step } from './deploy-lines.ts'
import type { DeployPorts } from './deploy-ports.ts'
import { LostDeploy } from './hold-deploy.ts'
import type { Pushed } from './pushed.ts'
import { openUploaded } from './pushed-archive.ts'
import { openCommit } from './pushed-commit.ts'
import { type Stop, stop } from './stop-deploy.ts'
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

/** Waits for the deploy's turn, and opens what it is about. */
export async function beginDeploy(work: Work): Promise<Pushed | Stop> {
  const { ports, deploy, project } = work
  if (deploy.state === 'waiting') await takeTurn(work)
  if (deploy.branch === null) return openUpload(ports, deploy)
  const onBranch = { ...deploy, branch: deploy.branch }
  const commit = await findCommit(work, onBranch)
  if (typeof commit !== 'string') return commit
  const pushed = await openCommit(ports, project.id, commit)
  return pushed ?? stop(work, `${deploy.branch} must point at a commit`, 'Push a commit, not a tag')
}

type OnBranch = Deploy & { readonly branch: string }

async function findCommit(work: Work, deploy: OnBranch): Promise<Commit | Stop> {
  if (work.kind === 'webhook' && deploy.newCommit === null) return fetchCommit(work, deploy)
  const commit = deploy.newCommit as Commit // a push has one
  if (deploy.state === 'waiting') return (await findMove(work, deploy)) ?? commit
  return commit
}

/**
 * It was found to be sound when it came, and is read again now that it is its turn: nothing of it was held meanwhile. What a web holds of all that it
 * checks at a time is bounded by `checks`.
 */
async function openUpload({ sql, readArchive, maxSourceBytes, checks }: DeployPorts, { deliveryId }: Deploy) {
  const upload = await getUpload(sql, deliveryId)
  const bytes = await sourceBytes(sql, upload.sourceDigest)
  const close = await checks.take(2 * bytes + unpackedAtMost(bytes, maxSourceBytes)) // twice while its pieces are joined
  const archive = await readSource(sql, upload.sourceDigest)
    .then((tarGz) => readArchive(tarGz, maxSourceBytes, 'kept'))
    .catch((error: unknown) => {
      close()
      throw error
    })
  if (archive.kind === 'read') return openUploaded(upload, archive.files, close)
  close()
  throw new Error(`${upload.sourceDigest} was taken, and is now refused: ${archive.message}`)
}

async function takeTurn({ ports, deploy, kind, tell }: Work) {
  const to = kind === 'webhook' ? 'fetching' : 'checking'
  const look = async () => ((await startDeployIfFirst(ports.sql, deploy, to)) ? true : undefined)
  if (await look()) return
  tell(step(`Waiting: an earlier deploy of ${deploy.branch ?? 'an upload'} is still going on`))
  await waitFor(ports.hints, [`project:${deploy.projectId}`], 2000, look)
}

/** The push was made against a branch that may have moved while it waited; git would refuse to move it then, after it had gone live. */
async function findMove(work: Work, deploy: OnBranch): Promise<Stop | undefined> {
  const { ports } = work
  const branches = await ports.repositories.branches(deploy.projectId)
  const at = branches.get(deploy.branch) ?? null
  const way = branches.has(deploy.branch) ? undefined : [...branches.keys()].find((name) => isIn(name, deploy.branch))
  if (at === deploy.oldCommit && way === undefined) return undefined
  return stop(work, ...explainMove(deploy, at, way))
}

function explainMove({ branch, newCommit }: OnBranch, at: string | null, way: string | undefined): [string, string] {
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
async function fetchCommit(work: Work, deploy: OnBranch): Promise<Commit | Stop> {
  const { ports, project, tell } = work
  if (await hasLaterWebhook(ports.sql, deploy)) return replaced('A later webhook deploys what the remote has by now')
  tell(step(`Fetching ${deploy.branch}`))
  const fetched = await ports.fetchLinked(project, deploy.branch)
  if (fetched.kind === 'refused') return stop(work, fetched.message, fetched.hint, { stop: 'failed' })
  const live = await findCurrentRevision(ports.sql, project.id)
  if (live?.commit === fetched.commit) return replaced(`${short(fetched.commit)} is live already as v${live.number}`)
  const branches = await ports.repositories.branches(project.id)
  const set = { oldCommit: branches.get(deploy.branch) ?? null, newCommit: fetched.commit }
  if (!(await moveDeployIfHeld(ports.sql, deploy, 'checking', set))) throw new LostDeploy()
  return fetched.commit
}

/** Nothing is wrong: the deploy is not needed any more. */
const replaced = (problem: string): Stop => ({
  stop: 'replaced',
  problem,
  refusal: new Refusal('conflict', problem, 'There is nothing to do'),
})
