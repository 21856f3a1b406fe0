import type { AttemptPorts } from '../../app/finish-task.ts'
import type { ArchiveReceived } from '../../app/receive-archive.ts'
import type { RevisionId } from '../../brand.ts'
import type { Hints } from '../../db/hints.ts'

/** What the API needs. */
export type ApiPorts = AttemptPorts & {
  readonly hints: Pick<Hints, 'hear'>
  readonly now: () => Date
  readonly version: string
  /** Where new schedules start switched off, its name; null: they run. */
  readonly quietEnvironment: string | null
  /** The verb of `app/link-project.ts`, bound to its own ports. */
  readonly linkProject: (request: LinkRequest, who: string, now: Date) => Promise<LinkAnswer>
  /** The verb of `app/receive-archive.ts`, likewise. */
  readonly receiveArchive: (received: ArchiveReceived) => Promise<RevisionId>
  readonly maxArchiveBytes: number
}

type LinkRequest = {
  readonly name: string
  readonly url: string
  /** Null: the branch the project has, else main. */
  readonly branch: string | null
  /** Null: the one it has, else a new one. */
  readonly secret: string | null
}

/** What a person needs to know to finish the work at the forge. */
export type LinkAnswer = {
  readonly project: string
  readonly url: string
  readonly branch: string
  readonly hookUrl: string
  /** Told once, and only when it was made here. */
  readonly newSecret: string | null
  readonly deployKey: string | null
  readonly hostKeys: readonly { readonly line: string; readonly fingerprint: string }[]
}
