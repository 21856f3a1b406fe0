import type { ReadArchive } from '../archive/read-archive.ts'
import type { Commit, DeployId } from '../brand.ts'
import type { Holder } from '../db/deploys.ts'
import type { Hints } from '../db/hints.ts'
import type { Project } from '../db/projects.ts'
import type { Database } from '../db/sql.ts'
import type { Templates } from '../environment/dockerfile.ts'
import type { Repositories } from '../git/repositories.ts'
import type { WakeUps } from '../queue/wake-ups.ts'
import type { Expressions } from '../workflow/workflow.ts'
import type { Memory } from './memory.ts'

export type Fetched =
  | { readonly kind: 'fetched'; readonly commit: Commit }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

/** All that a deploy needs of the world; built once in the file that wires. */
export type DeployPorts = {
  readonly sql: Database
  readonly hints: Pick<Hints, 'hear'>
  readonly wakeUps: Pick<WakeUps, 'ring'>
  readonly repositories: Omit<Repositories, 'folder' | 'folderName' | 'pathOf'>
  readonly readArchive: (tarGz: Uint8Array, maxBytes: number, contentsAre: 'kept' | 'dropped') => Promise<ReadArchive>
  readonly expressions: Expressions
  /** The words before `>`. */
  readonly operators: ReadonlySet<string>
  readonly templates: Templates
  /** What rendered Dockerfiles start from. */
  readonly baseImage: string
  /** False where tasks run as plain processes: no image is made then. */
  readonly isImageNeeded: () => Promise<boolean>
  /** Brings the linked branch of a project into its repository. */
  readonly fetchLinked: (project: Project, branch: string) => Promise<Fetched>
  readonly holder: Holder & {
    /** Whether the process behind an owner's name is known to have died. */
    readonly isGone: (owner: string) => boolean
  }
  /** The deploys that this process works on. */
  readonly running: Set<DeployId>
  readonly maxSourceBytes: number
  /** For archives until they are stored, as they came. */
  readonly uploads: Memory
  /** For archives while they are checked, as they came and unpacked. No one waits for the other, so that neither can hold up both. */
  readonly checks: Memory
  /** Where new schedules start switched off, its name; null: they run. */
  readonly quietEnvironment: string | null
  /** Of the dashboard, without a slash at its end. */
  readonly url: string
  readonly now: () => Date
  /** Told of what should never happen; the deploy is `failed` then. */
  readonly onBug: (error: unknown) => void
}
