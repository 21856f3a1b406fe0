import { settleDeliveryIfReceived } from '../db/deliveries.ts'
import { finishDeployIfHeld, moveDeployIfHeld } from '../db/deploys.ts'
import { lockProject, setCurrentRevision, takeRevisionNumber } from '../db/projects.ts'
import { countRunning, freeRevisionName, insertRevision, type RunningOn } from '../db/revisions.ts'
import { type ScheduleChange, syncSchedules } from '../db/schedules.ts'
import type { Sql } from '../db/sql.ts'
import { insertWorkflows } from '../db/workflows.ts'
import type { Work } from './begin-deploy.ts'
import type { CheckedRevision } from './check-revision.ts'
import { count, detail, done, scheduleLine, startOffLine, step } from './deploy-lines.ts'
import { LostDeploy } from './hold-deploy.ts'

export type Released = {
  readonly number: number
  readonly changes: readonly ScheduleChange[]
  readonly running: readonly RunningOn[]
}

/** Goes live: revision, workflows, schedules and the project's current revision in one transaction, or nothing of it. */
export async function releaseRevision(
  work: Work,
  checked: CheckedRevision,
  imageKey: string | null,
): Promise<Released> {
  const { ports, deploy, project, tell } = work
  if (!(await moveDeployIfHeld(ports.sql, deploy, 'releasing'))) throw new LostDeploy()
  const released = await ports.sql.begin((tx) => release(tx, work, checked, imageKey))
  tell(step(`Releasing v${released.number}`))
  for (const change of released.changes) tell(scheduleLine(change))
  const { quietEnvironment } = ports
  if (quietEnvironment !== null && released.changes.some(({ sign }) => sign === '+'))
    tell(startOffLine(quietEnvironment))
  for (const { number, attempts } of released.running)
    tell(detail(`${count(attempts, 'running attempt')} ${attempts === 1 ? 'stays' : 'stay'} on v${number}`))
  tell(done(`${project.name} v${released.number} is live: ${ports.url}/projects/${project.name}`))
  return released
}

async function release(tx: Sql, work: Work, checked: CheckedRevision, imageKey: string | null): Promise<Released> {
  const { ports, deploy, project, pushedBy } = work
  const now = ports.now()
  await lockProject(tx, project.id)
  const running = await countRunning(tx, project.id)
  const number = await takeRevisionNumber(tx, project.id)
  const { commit, words, sourceDigest, plan } = checked
  const name = await freeRevisionName(tx, project.id, commit.slice(0, 12))
  const revision = { projectId: project.id, number, name, commit, ...words, sourceDigest, imageKey, plan }
  const revisionId = await insertRevision(tx, { ...revision, createdBy: pushedBy }, now)
  const stored = await insertWorkflows(tx, { projectId: project.id, revisionId }, checked.workflows)
  const schedules = new Map(checked.workflows.map((workflow) => [workflow.name, workflow.schedule]))
  const workflows = stored.map(({ id, name }) => ({ workflowId: id, name, schedule: schedules.get(name) ?? null }))
  const changes = await syncSchedules(tx, {
    projectId: project.id,
    workflows,
    startOff: ports.quietEnvironment !== null,
    now,
  })
  await setCurrentRevision(tx, project.id, revisionId)
  if (!(await finishDeployIfHeld(tx, deploy, { state: 'live', revisionId }, now))) throw new LostDeploy()
  await settleDeliveryIfReceived(tx, deploy.deliveryId, { state: 'deployed', reason: null }, now)
  return { number, changes, running }
}
