import type { ShownDeploy } from '../shown/deploy.ts'
import type { ShownProject, ShownWorkflow } from '../shown/project.ts'

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
