import type { SkipReason } from '../workflow/plan-sessions.ts'
import type { Outcome } from './attempt.ts'
import type { ShownAttemptState, ShownDeployState } from './states.ts'

type ShownRevision = {
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
  /** Kind and fingerprint of each key that was pinned. */
  readonly hostKeys: readonly string[]
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
  /** For which session it runs next. */
  readonly nextSessionTime: Date | null
  /** Sessions were missed, and wait for a person; null: it goes on. */
  readonly heldScheduleId: string | null
  /** Its next session waits until no attempt of the workflow runs. */
  readonly waitingSince: Date | null
  /** Why its next session could not be started; it is tried again. */
  readonly refusedBecause: string | null
  /** Where it runs when that is not here. */
  readonly elsewhere: readonly string[] | null
  readonly last: { readonly id: string; readonly state: ShownAttemptState; readonly startedAt: Date } | null
  /** Newest last. */
  readonly recent: readonly Outcome[]
}

/** A session that its schedule left out. */
export type ShownSkip = { readonly sessionTime: Date; readonly because: SkipReason }

export type ShownProjectRow = {
  readonly name: string
  readonly revision: number | null
  readonly commit: string | null
  readonly liveAt: Date | null
  readonly workflows: number
  readonly nextRunAt: Date | null
  readonly deployState: ShownDeployState | null
}
