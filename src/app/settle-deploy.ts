import type { Commit } from '../brand.ts'
import { type Deploy, settleDeployIfHeld } from '../db/deploys.ts'
import type { DeployPorts } from './deploy-ports.ts'

/** Makes the branch point at what is live, whoever was to do it and died, and lets the next deploy of the branch begin. */
export async function settleDeploy(
  { sql, repositories, now, onBug }: Pick<DeployPorts, 'sql' | 'repositories' | 'now' | 'onBug'>,
  deploy: Deploy,
): Promise<void> {
  const { projectId, branch, oldCommit } = deploy
  const commit = deploy.newCommit as Commit // it is live
  await repositories.clearLocks(projectId, `refs/heads/${branch}`)
  const isThere = async () => (await repositories.branches(projectId)).get(branch) === commit
  const isSettled =
    (await isThere()) || (await repositories.moveBranchIfAt(projectId, branch, oldCommit, commit)) || (await isThere()) // git itself moved it between the two
  if (!isSettled) onBug(new Error(`${branch} of project ${projectId} is neither at ${oldCommit} nor at ${commit}`))
  await settleDeployIfHeld(sql, deploy, now())
}
