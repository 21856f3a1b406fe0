import type { Commit } from '../brand.ts'
import { type Deploy, settleDeployIfHeld } from '../db/deploys.ts'
import type { DeployPorts } from './deploy-ports.ts'

type Ports = Pick<DeployPorts, 'sql' | 'repositories' | 'now' | 'onBug'>

/** Makes the branch, if it is on one, point at what is live, whoever was to do it and died, and lets the next deploy begin. */
export async function settleDeploy(ports: Ports, deploy: Deploy): Promise<void> {
  if (deploy.branch !== null) await moveBranch(ports, deploy, deploy.branch)
  await settleDeployIfHeld(ports.sql, deploy, ports.now())
}

async function moveBranch({ repositories, onBug }: Ports, deploy: Deploy, branch: string): Promise<void> {
  const { projectId, oldCommit } = deploy
  const commit = deploy.newCommit as Commit // it is live
  await repositories.clearLocks(projectId, `refs/heads/${branch}`)
  const isThere = async () => (await repositories.branches(projectId)).get(branch) === commit
  const isSettled =
    (await isThere()) || (await repositories.moveBranchIfAt(projectId, branch, oldCommit, commit)) || (await isThere()) // git itself moved it between the two
  if (!isSettled) onBug(new Error(`${branch} of project ${projectId} is neither at ${oldCommit} nor at ${commit}`))
}
