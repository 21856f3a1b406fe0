import type { JsonObject } from '../brand.ts'
import type { Word } from '../spool/executor.ts'

/** A task as an operator sees it: every `${}` is evaluated. */
export type OperatorTask = {
  /** The value of `sh>:`; undefined when it has none. */
  readonly command: unknown
  /** The task's own keys, evaluated; `_do` and `_else_do` are not. */
  readonly local: JsonObject
  /** All merged params, the local ones on top. */
  readonly params: JsonObject
  readonly fullName: string
  /** Reads a file of the project (for `call>`); undefined when there is none. Paths are relative to the project. */
  readonly readProject: (path: string) => string | undefined
}

/** What an operator asks for. */
export type Step =
  | RunStep
  | { readonly kind: 'log'; readonly text: string }
  /** `tree` is the config of `^sub`. */
  | { readonly kind: 'subtasks'; readonly tree: JsonObject }
  /** `stacktrace`: something went wrong; absent: the task is meant to fail. */
  | { readonly kind: 'fail'; readonly message: string; readonly stacktrace?: string }
  /** Done without doing anything: an `if>` without the branch. */
  | { readonly kind: 'nothing' }

/** A command for the attempt's container. `files` lie in the run's own folder, whose path the command finds in `$SLUICE_RUN`. */
export type RunStep = {
  readonly kind: 'run'
  readonly argv: readonly Word[]
  readonly files: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, Word>>
  /** Relative to the workspace. */
  readonly cwd: string
  /** Says what the exit and the result file mean. `output` is `output.json` of the run's folder, undefined if there is none. */
  readonly conclude: (code: number, output: string | undefined) => Conclusion
}

export type Conclusion =
  | {
      readonly kind: 'succeeded'
      readonly store: JsonObject
      readonly export: JsonObject
      readonly reset: readonly string[]
      readonly subtasks: JsonObject | null
    }
  | { readonly kind: 'failed'; readonly error: { readonly message: string } }

/** A new operator is one file that exports one of these, its line in `all.ts`, and its test. */
export type Operator = {
  readonly name: string
  /** Nothing outside changes when it runs twice: a lost start is simply repeated. */
  readonly isRepeatable: boolean
  /** Whether `_retry` is honoured by the operator itself (as in Digdag). */
  readonly retries: boolean
  /** The options that it reads; absent: it hands on all that it is given. What is left is told in the log (as in Digdag). */
  readonly options?: readonly string[]
  /** Pure: the same task gives the same step. Throws a Refusal, whose message becomes the task's error. */
  plan(task: OperatorTask): Step
}
