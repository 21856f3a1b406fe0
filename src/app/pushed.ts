import type { Commit, Digest } from '../brand.ts'
import type { TreeEntry } from '../workflow/workflow.ts'

/** A file's path, kind and size, and git's name for its bytes. */
export type PushedFile = TreeEntry & { readonly object: string }

type ScheduleWish = {
  /** New schedules begin at this instant; null: now. */
  readonly from: Date | null
  /** Workflows whose schedules forget what they have started, and begin as new ones do. */
  readonly clear: 'all' | readonly string[]
}

/** What is said of what was pushed. */
export type Words = {
  /** Twelve digits of the commit; of an archive what its sender calls the revision. */
  readonly name: string
  /** Null: an archive. */
  readonly commit: Commit | null
  readonly message: string | null
  readonly author: string | null
  /** What its sender wants of schedules. */
  readonly schedules: ScheduleWish
}

/** What was pushed, wherever it lies: a commit of a repository, or an archive that was uploaded. */
export type Pushed = {
  readonly words: Words
  readonly tree: readonly PushedFile[]
  /** Bytes that are no UTF-8 become U+FFFD. */
  texts(paths: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** The files as a tar.gz: its digest where it is stored already, else the same bytes each time; undefined: they are too large. */
  pack(maxBytes: number): Promise<Digest | Buffer | undefined>
  /** Lets go of what it holds in memory. Nothing of it may be asked for afterwards. */
  close(): void
}
