import type { Json, JsonObject } from '../brand.ts'

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
  /** For Digdag's clients; absent: Digdag does not know it. */
  readonly digdag?: DigdagWords
}

/** What Digdag says of a problem, and when it finds it: as it loads all files, as it compiles all tasks, or as it reads the schedules. */
type DigdagWords = { readonly phase: 'load' | 'compile' | 'schedule'; readonly message: string }

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

/** Evaluates one JavaScript expression. Sync, limited in time and memory; never throws. */
export type Expressions = {
  evaluate(code: string, scope: JsonObject, timezone: string): Evaluation
}
export type Evaluation =
  | { readonly ok: true; readonly value: Json | undefined }
  /** `syntax`: it could never run; `thrown`: it may run with other params; `limit`: it took too long or too much memory. */
  | { readonly ok: false; readonly kind: 'syntax' | 'thrown' | 'limit'; readonly error: string }
