import { settleDeliveryIfReceived } from '../db/deliveries.ts'
import { finishDeployIfHeld, moveDeployIfHeld } from '../db/deploys.ts'
import { lockProject, type Project, setCurrentRevision, takeRevisionNumber } from '../db/projects.ts'
import { countRunning, freeRevisionName, hasRevisionNamed, insertRevision, type RunningOn } from '../db/revisions.ts'
import { type ScheduleChange, syncSchedules } from '../db/schedules.ts'
import type { Sql } from '../db/sql.ts'
import { insertWorkflows } from '../db/workflows.ts'
import type { Work } from './begin-deploy.ts'
import type { CheckedRevision } from './check-revision.ts'
import { stopNameTaken } from './check-wish.ts'
import { count, detail, done, scheduleLine, startOffLine, step } from './deploy-lines.ts'
import { LostDeploy } from './hold-deploy.ts'
import type { Words } from './pushed.ts'
import type { Stop } from './stop-deploy.ts'

type Released = {
  readonly number: number
  readonly changes: readonly ScheduleChange[]
  readonly running: readonly RunningOn[]
}

/** Goes live: revision, workflows, schedules and the project's current revision in one transaction, or nothing of it. */
export async function releaseRevision(
  work: Work,
  checked: CheckedRevision,
  imageKey: string | null,
): Promise<Stop | undefined> {
  const { ports, deploy, project, tell } = work
  if (!(await moveDeployIfHeld(ports.sql, deploy, 'releasing'))) throw new LostDeploy()
  const released = await ports.sql.begin((tx) => release(tx, work, checked, imageKey))
  if (released === 'name taken') return stopNameTaken(work, checked.words.name)
  tell(step(`Releasing v${released.number}`))
  for (const change of released.changes) tell(scheduleLine(change))
  const { quietEnvironment } = ports
  if (quietEnvironment !== null && released.changes.some(({ sign }) => sign === '+'))
    tell(startOffLine(quietEnvironment))
  for (const { number, attempts } of released.running)
    tell(detail(`${count(attempts, 'running attempt')} ${attempts === 1 ? 'stays' : 'stay'} on v${number}`))
  tell(done(`${project.name} v${released.number} is live: ${ports.url}/projects/${project.name}`))
  return undefined
}

async function release(
  tx: Sql,
  work: Work,
  { words, workflows, called, sourceDigest, plan }: CheckedRevision,
  imageKey: string | null,
): Promise<Released | 'name taken'> {
  const { ports, deploy, project, pushedBy } = work
  const now = ports.now()
  await lockProject(tx, project.id)
  const name = await claimName(tx, project, words)
  if (name === undefined) return 'name taken'
  const running = await countRunning(tx, project.id)
  const number = await takeRevisionNumber(tx, project.id)
  const { commit, message, author } = words
  const content = { commit, message, author, sourceDigest, imageKey, plan, called }
  const revision = { projectId: project.id, number, name, createdBy: pushedBy, ...content }
  const revisionId = await insertRevision(tx, revision, now)
  const stored = await insertWorkflows(tx, { projectId: project.id, revisionId }, workflows)
  const schedules = new Map(workflows.map((workflow) => [workflow.name, workflow.schedule]))
  const changes = await syncSchedules(tx, {
    projectId: project.id,
    workflows: stored.map(({ id, name }) => ({ workflowId: id, name, schedule: schedules.get(name) ?? null })),
    startOff: ports.quietEnvironment !== null,
    from: words.schedules.from ?? now,
    clear: words.schedules.clear,
    now,
  })
  await setCurrentRevision(tx, project.id, revisionId)
  if (!(await finishDeployIfHeld(tx, deploy, { state: 'live', revisionId }, now))) throw new LostDeploy()
  await settleDeliveryIfReceived(tx, deploy.deliveryId, { state: 'deployed', reason: null }, now)
  return { number, changes, running }
}

/** A commit may be deployed again; what a sender names a revision counts once. Undefined: it is taken. */
async function claimName(tx: Sql, { id }: Project, { commit, name }: Words): Promise<string | undefined> {
  if (commit !== null) return freeRevisionName(tx, id, name)
  return (await hasRevisionNamed(tx, id, name)) ? undefined : name
}
