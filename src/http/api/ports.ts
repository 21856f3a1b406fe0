import type { AttemptPorts } from '../../app/finish-task.ts'
import type { Hints } from '../../db/hints.ts'

/** What the API needs. */
export type ApiPorts = AttemptPorts & {
  readonly hints: Pick<Hints, 'hear'>
  readonly now: () => Date
  readonly version: string
  /** The verb of `app/link-project.ts`, bound to its own ports. */
  readonly linkProject: (request: LinkRequest, who: string, now: Date) => Promise<LinkAnswer>
}

export type LinkRequest = {
  readonly project: string
  readonly url: string
  readonly branch: string
  /** Undefined: make one. */
  readonly secret?: string | undefined
}

/** What `link` tells, once: the secret is null when the caller gave it. */
export type LinkAnswer = {
  readonly project: string
  readonly url: string
  readonly branch: string
  readonly hookUrl: string
  readonly secret: string | null
  readonly deployKey: string | null
  readonly hostKeys: string | null
}
