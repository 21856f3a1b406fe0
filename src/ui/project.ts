import type { ShownDeploy } from '../shown/deploy.ts'
import type { ShownProject, ShownWorkflow } from '../shown/project.ts'

/** What a link shows only once; null: the secret is one that somebody knows already. */
export type NewLink = { readonly newSecret: string | null }

export type ProjectPageProps = {
  readonly project: ShownProject
  readonly workflows: readonly ShownWorkflow[]
  readonly deploys: readonly ShownDeploy[]
  /** `https://sluice.example`: what git and webhooks call us. */
  readonly address: string
  readonly newLink: NewLink | null
}
