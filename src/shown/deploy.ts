import type { LogId } from '../brand.ts'
import type { ShownDeployState } from './states.ts'

/** A deploy in a list. */
export type ShownDeploy = {
  readonly id: string
  readonly project: string
  readonly state: ShownDeployState
  /** Of an upload what its sender calls the revision. */
  readonly branch: string
  readonly commit: string | null
  readonly message: string | null
  readonly author: string | null
  /** Of what it made live. */
  readonly revision: number | null
  /** That is what the project runs now. */
  readonly isCurrent: boolean
  readonly hasBuild: boolean
  readonly problem: string | null
  readonly kind: 'push' | 'webhook' | 'upload'
  readonly pushedBy: string | null
  readonly deliveryId: string
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

/** A deploy on its own page. */
export type DeployDetail = ShownDeploy & {
  readonly oldCommit: string | null
  readonly logId: LogId
  readonly imageKey: string | null
  readonly workflows: readonly string[]
}
