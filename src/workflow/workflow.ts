import type { JsonObject } from '../brand.ts'

/** Something wrong (or odd) in a project's files. `line` and `column` count from 1. */
export type Problem = {
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly line: number
  readonly column: number
  /** What is wrong, and why. */
  readonly message: string
  /** What to do next. */
  readonly hint: string
  /** For Digdag's clients; absent when Digdag would not decline it. */
  readonly digdag?: DigdagWords
}

/** What Digdag says of a problem, and when it comes to it (`digdag-words.ts`). */
export type DigdagWords = {
  readonly phase: DigdagPhase
  readonly message: string
  /** The top-level file that was being read: the problem may stand in one that it includes. */
  readonly file: string
  /** Its turn among those of the file. */
  readonly turn: number
}
export type DigdagPhase =
  | 'at once'
  | 'missing file'
  | 'yaml'
  | 'timezone'
  | 'exports'
  | 'nothing'
  | 'keys'
  | 'names'
  | 'workflow name'
  | 'tree'
  | 'task names'
  | 'group keys'
  | 'schedule'

/** A checked workflow in Digdag's stored form: `config` keeps the order of keys. */
export type Workflow = {
  readonly name: string
  readonly file: string
  readonly timezone: string
  readonly config: JsonObject
  readonly schedule: Schedule | null
}

/** A checked `schedule:`. Times of day are wall-clock times in `timezone`, every day of the year. */
export type Schedule = {
  readonly kind: 'cron' | 'daily' | 'hourly' | 'weekly' | 'monthly' | 'minutes_interval' | 'seconds_interval'
  /** As written: `0 * * * *`, `07:00:00`. */
  readonly at: string
  readonly timezone: string
  readonly options: JsonObject
}

/** `runAt` is when it starts, `sessionTime` what it is for: `daily>: 07:00` starts at 7 and is for midnight. */
export type Due = { readonly runAt: Date; readonly sessionTime: Date }

/** One file of the pushed tree, as git knows it. */
export type TreeEntry = { readonly path: string; readonly mode: string; readonly bytes: number }

/** What the expressions of one text see: the params as they are written, and above them what was evaluated before the text. */
type Scope = { readonly params: JsonObject; readonly nearer: JsonObject }

/** The sandbox of JavaScript expressions. Sync, limited in time, memory and length of the results; what they say is never thrown. */
export type Expressions = {
  /** Compiles and runs nothing. What comes after 100 broken ones, or after the limit of time, is not looked at. */
  findBroken(codes: readonly string[]): Used & { readonly broken: readonly BrokenCode[] }
  /**
   * Evaluates those of one text, in order: what one of them assigns is seen by the next, and by no other text. Params that are the same object as those
   * of the text before are not read again.
   */
  evaluate(codes: readonly string[], scope: Scope, timezone: string): Evaluation
}
export type Evaluation = Used & Outcome

/** Time of the processor that it took in all: a text's limit is not one of a task, which may have many. */
type Used = { readonly usedMs: number }

export type Outcome =
  | { readonly ok: true; readonly texts: readonly string[] }
  /** It may run with other params, or it took too long or too much. */
  | { readonly ok: false; readonly kind: 'thrown' | 'limit'; readonly error: string }
  | BrokenCode

/** `codes[index]` can never run; line and column are in it, from 1. */
export type BrokenCode = {
  readonly ok: false
  readonly kind: 'syntax'
  readonly error: string
  readonly index: number
  readonly line: number
  readonly column: number
}
