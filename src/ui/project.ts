import type { ShownDeploy } from './deploy.ts'
import type { Outcome } from './spark.tsx'
import type { ShownAttemptState } from './states.tsx'

export type ShownRevision = {
  readonly number: number
  readonly commit: string | null
  readonly message: string | null
  readonly author: string | null
  readonly createdAt: Date
}

/** The repository elsewhere whose pushes are deployed here. */
export type ShownLink = {
  readonly url: string
  readonly publicKey: string | null
  readonly createdAt: Date
  readonly createdBy: string
}

export type ShownProject = {
  readonly id: string
  readonly name: string
  readonly branch: string | null
  readonly revision: ShownRevision | null
  readonly link: ShownLink | null
}

export type ShownWorkflow = {
  readonly id: string
  readonly name: string
  readonly timezone: string
  /** As written: `daily>: 06:00:00`; null: started by hand. */
  readonly schedule: string | null
  readonly nextRunAt: Date | null
  readonly isPaused: boolean
  readonly last: { readonly id: string; readonly state: ShownAttemptState; readonly startedAt: Date } | null
  /** Newest last. */
  readonly recent: readonly Outcome[]
}

/** What a link made and shows only once. */
export type NewLink = { readonly secret: string; readonly deployKey: string | null }

export type ProjectPageProps = {
  readonly project: ShownProject
  readonly workflows: readonly ShownWorkflow[]
  readonly deploys: readonly ShownDeploy[]
  /** `https://sluice.example`: what git and webhooks call us. */
  readonly address: string
  readonly newLink: NewLink | null
}
