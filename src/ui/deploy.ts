import type { DeployDetail } from '../shown/deploy.ts'
import type { LogTail } from './log.tsx'

export type DeployPageProps = {
  readonly deploy: DeployDetail
  readonly log: LogTail | null
}
