import { listUnsettledDeploys, takeOverDeploy, type UnsettledDeploy } from '../db/deploys.ts'
import type { DeployPorts } from './deploy-ports.ts'
import { deployUnwatched } from './deploy-revision.ts'
import { settleDeploy } from './settle-deploy.ts'

/** Deploys whose server died are gone on with here: at once when it is known to have died, else when its lease has lapsed. Called at start and by the sweep; gives what it began, for tests and a clean end. */
export async function resumeDeploys(ports: DeployPorts): Promise<readonly Promise<void>[]> {
  const isForsaken = ({ id, owner, isLapsed }: UnsettledDeploy) =>
    !ports.running.has(id) && (isLapsed || owner === null || ports.holder.isGone(owner))
  const begun: Promise<void>[] = []
  for (const claim of (await listUnsettledDeploys(ports.sql)).filter(isForsaken)) {
    const deploy = await takeOverDeploy(ports.sql, claim, ports.holder)
    if (deploy !== undefined)
      begun.push(deploy.state === 'live' ? settleDeploy(ports, deploy) : deployUnwatched(ports, deploy))
  }
  return begun
}
