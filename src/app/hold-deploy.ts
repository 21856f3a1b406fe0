import { type DeployClaim, renewDeployLease } from '../db/deploys.ts'
import type { DeployPorts } from './deploy-ports.ts'

/** Somebody else works on this deploy by now: stop without a trace. */
export class LostDeploy extends Error {}

/** Keeps the lease while this process works on a deploy. A lease that could not be renewed only lapses: every write is guarded by the epoch. */
export function holdDeploy(
  { sql, holder, running }: Pick<DeployPorts, 'sql' | 'holder' | 'running'>,
  claim: DeployClaim,
): () => void {
  const renew = () => void renewDeployLease(sql, claim, holder.leaseSeconds).catch(() => {})
  const timer = setInterval(renew, (holder.leaseSeconds * 1000) / 4)
  timer.unref()
  running.add(claim.id)
  return () => {
    clearInterval(timer)
    running.delete(claim.id)
  }
}
