import type { LogTail } from './log.tsx'
import type { ShownDeployState } from './states.tsx'

/** A deploy in a list. */
export type ShownDeploy = {
  readonly id: string
  readonly project: string
  readonly state: ShownDeployState
  readonly branch: string
  readonly commit: string | null
  readonly message: string | null
  readonly author: string | null
  /** Of what it made live. */
  readonly revision: number | null
  readonly hasBuild: boolean
  readonly problem: string | null
  readonly kind: 'push' | 'webhook' | 'upload'
  readonly pushedBy: string | null
  readonly deliveryId: string
  readonly createdAt: Date
  readonly finishedAt: Date | null
}

export type DeployPageProps = {
  readonly deploy: ShownDeploy & {
    readonly oldCommit: string | null
    readonly isCurrent: boolean
    readonly logId: string
    readonly imageKey: string | null
    readonly workflows: readonly string[]
  }
  readonly log: LogTail | null
}
