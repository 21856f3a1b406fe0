import type { Commit, ProjectId } from '../brand.ts'
import { insertPush, settleDeliveryIfReceived } from '../db/deliveries.ts'
import { type Deploy, insertDeploy } from '../db/deploys.ts'
import { insertLog } from '../db/logs.ts'
import { lockProject, setBranchIfUndecided } from '../db/projects.ts'
import { isDatabaseFull } from '../db/sql.ts'
import { detail, refusalLines, wrong } from './deploy-lines.ts'
import type { DeployPorts } from './deploy-ports.ts'
import { DATABASE_FULL, type Deployed, deployRevision } from './deploy-revision.ts'

/** One push: many refs, each of which git asks about when its objects are there and the ref is still old. */
export type Push = {
  readonly projectId: ProjectId
  readonly pushedBy: string
  /** Every ref of the push, and its options. */
  readonly handed: () => Promise<{ readonly refs: readonly string[]; readonly options: readonly string[] }>
}

type Change = { readonly ref: string; readonly from: string; readonly to: string }
type Tell = (line: string) => void

export type ReceivedPush = {
  /** May this ref move? Answers when its deploy, if it makes one, has ended. */
  answer(change: Change, tell: Tell): Promise<'yes' | 'no'>
  /** Call it when git has ended: what it should have moved and did not is moved now. */
  settle(): Promise<void>
}

export function receivePush(ports: DeployPorts, push: Push): ReceivedPush {
  const deployed: Deployed[] = []
  let isTold = false
  return {
    answer: (change, tell) => answer(change, tell).catch((error: unknown) => refuseIfFull(ports, error, tell)),
    settle: async () => {
      for (const one of deployed) await one.settle()
    },
  }

  async function answer(change: Change, tell: Tell): Promise<'yes' | 'no'> {
    await ports.repositories.clearLocks(push.projectId, change.ref) // or git could not move what we let pass
    const branch = await decideBranch(ports, push, change)
    if (branch === null || change.ref !== `refs/heads/${branch}`) {
      await ignore(ports, push, change, branch, tell)
      if (!isTold && !isDelete(change)) await tellIfNothingDeploys(push, change, branch, tell)
      isTold ||= !isDelete(change)
      return 'yes'
    }
    if (isDelete(change)) return refuseDelete(ports, push, change, branch, tell)
    const one = await deployRevision(ports, await storeDeploy(ports, push, change, branch), tell)
    deployed.push(one)
    return one.state === 'live' ? 'yes' : 'no'
  }
}

function refuseIfFull({ onBug }: DeployPorts, error: unknown, tell: Tell): 'no' {
  if (!isDatabaseFull(error)) throw error
  onBug(error)
  for (const line of refusalLines(...DATABASE_FULL)) tell(line)
  return 'no'
}

const BRANCH = /^refs\/heads\/([A-Za-z0-9][A-Za-z0-9._/+-]{0,199})$/
const isDelete = ({ to }: Change) => /^0+$/.test(to)
const commitOrNull = (commit: string) => (/^0+$/.test(commit) ? null : (commit as Commit)) // git gave it

/** The project's branch. The first push decides it: main, else master, else the branch that comes first; null while there is none. */
async function decideBranch({ sql, repositories }: DeployPorts, push: Push, change: Change): Promise<string | null> {
  const { refs } = await push.handed()
  const pushed = isDelete(change) ? undefined : BRANCH.exec(change.ref)?.[1]
  const first = ['main', 'master'].find((name) => refs.includes(`refs/heads/${name}`)) ?? pushed
  const { branch, isNew } = await sql.begin(async (tx) => {
    const project = await lockProject(tx, push.projectId)
    const isNew = first !== undefined && (await setBranchIfUndecided(tx, push.projectId, first))
    return { branch: isNew ? first : project.branch, isNew }
  })
  if (isNew && branch !== null) await repositories.setHead(push.projectId, branch)
  return branch
}

async function received(push: Push, { ref, from, to }: Change) {
  const { projectId, pushedBy } = push
  const { options } = await push.handed()
  return { projectId, ref, oldCommit: commitOrNull(from), newCommit: commitOrNull(to), pushedBy, pushOptions: options }
}

async function ignore({ sql, now }: DeployPorts, push: Push, change: Change, branch: string | null, tell: Tell) {
  const name = change.ref.replace(/^refs\/heads\//, '')
  const reason = branch === null ? 'no branch deploys yet' : `only ${branch} deploys`
  const delivery = await received(push, change)
  await sql.begin(async (tx) => {
    const id = await insertPush(tx, delivery, now())
    await settleDeliveryIfReceived(tx, id, { state: 'ignored', reason }, now())
  })
  tell(detail(`${name} is ${isDelete(change) ? 'deleted' : 'kept'}; ${reason}`))
}

/** git says of a branch that is only kept what it says of one that went live. */
async function tellIfNothingDeploys(push: Push, { ref }: Change, branch: string | null, tell: Tell) {
  const { refs } = await push.handed()
  if (refs.includes(`refs/heads/${branch}`)) return
  const name = ref.replace(/^refs\/heads\//, '')
  const next =
    branch === null
      ? 'Push main, or another plain name'
      : `To deploy ${name}, push it there: git push sluice ${name}:${branch}`
  for (const line of [wrong('Nothing was deployed by this push'), wrong(next)]) tell(line)
}

async function refuseDelete({ sql, now }: DeployPorts, push: Push, change: Change, branch: string, tell: Tell) {
  const reason = `${branch} is the branch that deploys: it cannot be deleted`
  const delivery = await received(push, change)
  await sql.begin(async (tx) => {
    const id = await insertPush(tx, delivery, now())
    await settleDeliveryIfReceived(tx, id, { state: 'declined', reason }, now())
  })
  for (const line of refusalLines(reason, 'Push something else to it, or delete the whole project')) tell(line)
  return 'no' as const
}

/** From its commit on the deploy ends one way or the other, whoever dies. */
async function storeDeploy(
  { sql, holder, now }: DeployPorts,
  push: Push,
  change: Change,
  branch: string,
): Promise<Deploy> {
  const delivery = await received(push, change)
  return sql.begin(async (tx) => {
    await lockProject(tx, push.projectId)
    const deliveryId = await insertPush(tx, delivery, now())
    const { projectId, oldCommit, newCommit } = delivery
    const logId = await insertLog(tx)
    return insertDeploy(tx, { projectId, deliveryId, branch, oldCommit, newCommit, logId }, holder, now())
  })
}
