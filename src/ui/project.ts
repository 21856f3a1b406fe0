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

/** Why nobody can say when its schedule starts it next; null: it does so at its time. */
export function whyNoNext({
  isPaused,
  heldScheduleId,
  waitingSince,
  refusedBecause,
  elsewhere,
}: ShownWorkflow): string | null {
  if (elsewhere !== null) return `only in ${elsewhere.join(', ')}`
  if (isPaused) return 'off'
  if (heldScheduleId !== null) return 'held'
  if (refusedBecause !== null) return 'put off'
  return waitingSince === null ? null : 'waits for what runs'
}
